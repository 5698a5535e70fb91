import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CATEGORIES, ModelLoadError, type TextClassifier } from '../core/index.js';
import { BUCKETS } from './encode-text.js';
import { KernelClassifier } from './kernel.js';

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
  readonly caps: readonly number[];
}

interface WeightSpec {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: 'float32';
  readonly quantization?: { readonly dtype: 'uint16'; readonly scale: number; readonly min: number };
}

interface LayersModel {
  readonly modelTopology: object;
  readonly weightsManifest: readonly { readonly weights: WeightSpec[] }[];
}

const SIZE = CATEGORIES.length;
const KERNEL_BYTES = BUCKETS * SIZE * 2;

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
  const [kernelSpec, biasSpec] = weightSpecs;
  const quantization = kernelSpec?.quantization;
  if (
    metadata.categories?.join() !== CATEGORIES.join() ||
    metadata.caps?.length !== SIZE ||
    kernelSpec?.shape.join() !== `${BUCKETS},${SIZE}` ||
    biasSpec?.shape.join() !== `${SIZE}` ||
    quantization?.dtype !== 'uint16' ||
    weightsFile.length !== KERNEL_BYTES + SIZE * 4
  ) {
    throw new ModelLoadError(`classifier model: unexpected shape in ${folder}`);
  }
  const version = createHash('sha256').update(metadataFile).digest('hex').slice(0, 12);
  const caps = Float32Array.from(metadata.caps);
  const weightData = new Uint8Array(weightsFile).buffer;
  if (options.backend !== 'auto' && options.backend !== 'kernel') {
    const { loadTensorFlow } = await import('./load-tensorflow.js');
    const artifacts = { version, topology: model.modelTopology, weightSpecs, weightData, caps };
    return loadTensorFlow(artifacts, options.backend);
  }
  const { scale, min } = quantization;
  const kernel = Float32Array.from(new Uint16Array(weightData, 0, BUCKETS * SIZE), (value) => value * scale + min);
  return new KernelClassifier({ version, kernel, bias: new Float32Array(weightData.slice(KERNEL_BYTES)), caps });
}
