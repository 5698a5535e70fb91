import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CATEGORIES, type Category, ModelLoadError, type TextClassifier } from '../core/index.js';
import { createFold } from '../text/index.js';
import { KernelClassifier } from './kernel.js';
import { readWeights, type WeightSpec } from './model-weights.js';

/** Letters of several scripts, so that every path of the encoder runs. */
const WARM_UP_TEXT = 'Good morning, how are you? 今天天气很好。 Всё хорошо.';
const WARM_UP_CALLS = 20;

/** What computes the scores; `auto` takes the kernel, for a model of another architecture TensorFlow.js on WebAssembly. */
export type ClassifierBackend = 'auto' | 'kernel' | 'tfjs-node' | 'tfjs-wasm' | 'tfjs-cpu';

/** Which model to load, and what runs it. */
export interface LoadClassifierOptions {
  /** Folder of the model; the shipped one by default. */
  readonly path?: string | undefined;
  readonly backend: ClassifierBackend;
  /** Whether the kernel sums by vector instructions, where WebAssembly has them; `true` by default. */
  readonly simd?: boolean;
}

/** Which model to load beside the classifier, and what runs it; `auto` takes WebAssembly. */
export interface LoadBatchModelOptions {
  readonly path: string;
  readonly backend: Exclude<ClassifierBackend, 'kernel'>;
}

/** A model that judges several texts in one call. */
export interface BatchModel {
  /** Changes whenever a score can change. */
  readonly version: string;
  /** What computes: `tfjs-node`, `tfjs-wasm` or `tfjs-cpu`. */
  readonly backend: string;
  /** What it has scores for. */
  readonly categories: readonly Category[];
  /** Whether texts of different lengths share a call; a model that scores a text otherwise in company gets one text a call. */
  readonly batches: boolean;
  /** Scores of every text: `Float32Array` of length 10 each, `CATEGORIES` order, each a probability in [0, 1]. */
  scoreAll(texts: readonly string[]): readonly Float32Array[];
  /** Frees native memory. Idempotent. */
  dispose(): void;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal digits');

/** What `metadata.json` must say; the rest of it is for the reader. */
const Metadata = z.object({
  sha256: z.object({ 'model.json': sha256, 'weights.bin': sha256 }),
  /** What the scores of the model stand for, in their order. */
  categories: z.array(z.enum(CATEGORIES)).min(1),
  /** Set by a model of another architecture, which only TensorFlow.js can run. */
  input: z
    .literal('hashed', 'must be `hashed`, the one encoding there is; the shipped architecture has no `input`')
    .optional(),
});

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

function readMetadata(file: Buffer): z.infer<typeof Metadata> {
  const result = Metadata.safeParse(parseJson(file, 'metadata.json'));
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ModelLoadError(`classifier model: metadata.json: ${problems.join('; ')}`);
}

/** The bytes alone: a small file is read into a buffer that others share, a large one is not copied. */
function bufferOf({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer {
  const isWhole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  return isWhole ? buffer : Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength)).buffer;
}

/** Reads and verifies a model. */
function readModel(folder: string) {
  const metadataFile = readModelFile(folder, 'metadata.json');
  const metadata = readMetadata(metadataFile);
  const modelFile = readModelFile(folder, 'model.json');
  const weightsFile = readModelFile(folder, 'weights.bin');
  checkHash(modelFile, 'model.json', metadata.sha256['model.json']);
  checkHash(weightsFile, 'weights.bin', metadata.sha256['weights.bin']);
  const model = parseJson<LayersModel>(modelFile, 'model.json');
  return {
    metadata,
    version: createHash('sha256').update(metadataFile).digest('hex').slice(0, 12),
    topology: model.modelTopology,
    weightSpecs: model.weightsManifest?.flatMap(({ weights }) => weights) ?? [],
    weightData: bufferOf(weightsFile),
    fold: createFold(),
    categories: metadata.categories,
  };
}

/**
 * Reads, verifies, starts and warms up the classifier.
 * @throws {ModelLoadError} when a file is missing, changed or misshapen, or the model gives scores that are no probabilities.
 */
export async function loadClassifier(options: LoadClassifierOptions): Promise<TextClassifier> {
  const folder = options.path === undefined ? join(__dirname, '../../models/classifier') : resolve(options.path);
  const { metadata, ...artifacts } = readModel(folder);
  const { version, weightSpecs, weightData, fold } = artifacts;
  const backend = chooseBackend(options.backend, metadata.input);
  if (metadata.input === undefined) {
    if (metadata.categories.join() !== CATEGORIES.join()) {
      throw new ModelLoadError(
        'classifier model: the categories in metadata.json are not all ten in their order, which only a model with "input": "hashed" may have',
      );
    }
    const weights = readWeights(version, weightSpecs, weightData);
    if (backend === 'kernel') return warmUp(new KernelClassifier(weights, fold, options.simd));
  }
  const { loadTensorFlow } = await import('./load-tensorflow.js');
  return warmUp(await loadTensorFlow(artifacts, backend === 'kernel' ? 'tfjs-wasm' : backend));
}

/**
 * Reads, verifies and starts a layers model that judges several texts a call. No list counts reach it.
 * @throws {ModelLoadError} as `loadClassifier` does.
 */
export async function loadBatchModel({ path, backend }: LoadBatchModelOptions): Promise<BatchModel> {
  const { metadata, ...artifacts } = readModel(resolve(path));
  const { openBatchModel } = await import('./open-batch-model.js');
  const model = await openBatchModel(artifacts, backend === 'auto' ? 'tfjs-wasm' : backend);
  return { version: artifacts.version, categories: metadata.categories, ...model };
}

/** @throws {ModelLoadError} when the kernel is asked for with a model that is not of its architecture. */
function chooseBackend(wanted: ClassifierBackend, input: 'hashed' | undefined): Exclude<ClassifierBackend, 'auto'> {
  if (wanted === 'auto') return input === undefined ? 'kernel' : 'tfjs-wasm';
  if (wanted === 'kernel' && input !== undefined) {
    throw new ModelLoadError(
      'classifier model: the backend `kernel` runs the shipped architecture alone; use `auto` or a `tfjs-` backend',
    );
  }
  return wanted;
}

/** Runs the model until compilers and caches have settled, so that the first request does not pay for it. */
function warmUp(classifier: TextClassifier): TextClassifier {
  try {
    for (let call = 0; call < WARM_UP_CALLS; call += 1) {
      if (classifier.score(WARM_UP_TEXT).some((score) => !(score >= 0 && score <= 1))) {
        throw new ModelLoadError('classifier model: a score is not in [0, 1]; the last layer must give probabilities');
      }
    }
    return classifier;
  } catch (cause) {
    classifier.dispose();
    if (cause instanceof ModelLoadError) throw cause;
    throw new ModelLoadError('classifier model: the model cannot be run', { cause });
  }
}
