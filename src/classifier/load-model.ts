import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CATEGORIES, ModelLoadError, type TextClassifier } from '../core/index.js';
import { createFold } from '../text/index.js';
import { KernelClassifier } from './kernel.js';
import { readWeights, type WeightSpec } from './model-weights.js';

/** What computes the scores; `auto` takes the kernel. */
export type ClassifierBackend = 'auto' | 'kernel' | 'tfjs-node' | 'tfjs-wasm' | 'tfjs-cpu';

/** Which model to load, and what runs it. */
export interface LoadClassifierOptions {
  /** Folder of the model; the shipped one by default. */
  readonly path?: string | undefined;
  readonly backend: ClassifierBackend;
}

interface Metadata {
  readonly sha256: { readonly 'model.json': string; readonly 'weights.bin': string };
  readonly categories: readonly string[];
}

interface LayersModel {
  readonly modelTopology: object;
  readonly weightsManifest: readonly { readonly weights: WeightSpec[] }[];
}

function readModelFile(folder: string, name: string): Buffer {
  try {
    return readFileSync(join(folder, name));
  } catch (error) {
    throw new ModelLoadError(`classifier model: cannot read ${name} in ${folder}`, { cause: error });
  }
}

function parseJson<T>(data: Buffer, name: string): T {
  try {
    return JSON.parse(data.toString('utf8')) as T;
  } catch (error) {
    throw new ModelLoadError(`classifier model: ${name} is not JSON`, { cause: error });
  }
}

function checkHash(data: Buffer, name: string, expected: string | undefined): void {
  if (createHash('sha256').update(data).digest('hex') !== expected) {
    throw new ModelLoadError(`classifier model: ${name} does not have the SHA-256 pinned in metadata.json`);
  }
}

/** Reads, verifies and starts the classifier. Throws `ModelLoadError` when a file is missing, changed or misshapen. */
export async function loadClassifier(options: LoadClassifierOptions): Promise<TextClassifier> {
  const folder = options.path === undefined ? join(__dirname, '../../models/classifier') : resolve(options.path);
  const metadataFile = readModelFile(folder, 'metadata.json');
  const metadata = parseJson<Metadata>(metadataFile, 'metadata.json');
  const modelFile = readModelFile(folder, 'model.json');
  const weightsFile = readModelFile(folder, 'weights.bin');
  checkHash(modelFile, 'model.json', metadata.sha256?.['model.json']);
  checkHash(weightsFile, 'weights.bin', metadata.sha256?.['weights.bin']);
  const model = parseJson<LayersModel>(modelFile, 'model.json');
  const weightSpecs = model.weightsManifest?.[0]?.weights ?? [];
  if (metadata.categories?.join() !== CATEGORIES.join()) {
    throw new ModelLoadError(`classifier model: the model in ${folder} is for other categories`);
  }
  const version = createHash('sha256').update(metadataFile).digest('hex').slice(0, 12);
  const weightData = new Uint8Array(weightsFile).buffer;
  const fold = createFold();
  const weights = readWeights(version, weightSpecs, weightData);
  if (options.backend === 'auto' || options.backend === 'kernel') return new KernelClassifier(weights, fold);
  const { loadTensorFlow } = await import('./load-tensorflow.js');
  return loadTensorFlow({ version, topology: model.modelTopology, weightSpecs, weightData, fold }, options.backend);
}
