import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import {
  CATEGORIES,
  CATEGORY_INDEX,
  type Category,
  LIST_COUNT_SIZE,
  type ListCounts,
  ModelLoadError,
} from '../core/index.js';
import { type Fold, GRAM_BUCKETS, TextEncoder, WORD_BUCKETS } from './encode-text.js';
import { scaleListCounts } from './list-inputs.js';
import { selectBackend, type TensorFlowBackend } from './tensorflow-backend.js';

/** A verified model artefact, in the parts that TensorFlow.js takes. */
export interface ModelArtifacts {
  readonly version: string;
  readonly topology: object;
  readonly weightSpecs: tf.io.WeightsManifestEntry[];
  readonly weightData: ArrayBuffer;
  readonly fold: Fold;
  /** What the outputs stand for, in their order. */
  readonly categories: readonly Category[];
}

/** What a model reads of one text. */
interface Encoded {
  readonly grams: Int32Array;
  readonly words: Int32Array;
  readonly lists: Float32Array;
}

/** The inputs that a model may have, by their names: any of them, in any order. */
const INPUTS: Readonly<Record<string, (texts: readonly Encoded[]) => tf.Tensor>> = {
  grams_buckets: (texts) => bucketTensor(texts.map(({ grams }) => grams)),
  grams_root: (texts) => rootTensor(texts.map(({ grams }) => grams)),
  words_buckets: (texts) => bucketTensor(texts.map(({ words }) => words)),
  words_root: (texts) => rootTensor(texts.map(({ words }) => words)),
  lists: (texts) => {
    const counts = new Float32Array(texts.length * LIST_COUNT_SIZE);
    for (const [at, { lists }] of texts.entries()) counts.set(lists, at * LIST_COUNT_SIZE);
    return tf.tensor2d(counts, [texts.length, LIST_COUNT_SIZE]);
  },
};

/** Rows that a table over an input needs. */
const ROWS: Readonly<Record<string, number>> = { grams_buckets: GRAM_BUCKETS, words_buckets: WORD_BUCKETS };

/** A layers model that reads hashed text. */
export class HashedLayersModel {
  readonly backend: TensorFlowBackend;
  readonly #model: LayersModel;
  readonly #categories: readonly Category[];
  readonly #encoder: TextEncoder;

  private constructor(model: LayersModel, backend: TensorFlowBackend, { fold, categories }: ModelArtifacts) {
    this.backend = backend;
    this.#model = model;
    this.#categories = categories;
    this.#encoder = new TextEncoder(fold);
  }

  /**
   * Loads a model on `wanted`, or on what can start instead.
   * @throws {ModelLoadError} when TensorFlow.js cannot load it, or its inputs or outputs are not those that are known here.
   */
  static async load(artifacts: ModelArtifacts, wanted: TensorFlowBackend): Promise<HashedLayersModel> {
    const backend = await selectBackend(wanted);
    return new HashedLayersModel(await loadModel(artifacts), backend, artifacts);
  }

  /** Scores of every text, in one call of the model: `Float32Array` of length 10 each, `CATEGORIES` order; 0 where the model has no output. */
  predict(texts: readonly string[], listCounts?: ListCounts): Float32Array[] {
    if (texts.length === 0) return [];
    const lists = scaleListCounts(listCounts);
    const encoded = texts.map((text) => this.#encode(text, lists));
    const output = tf.tidy(() => {
      const predicted = this.#model.predict(this.#model.inputNames.map((name) => inputOf(name)(encoded)));
      return (Array.isArray(predicted) ? predicted[0] : predicted)?.dataSync();
    });
    return texts.map((_, row) => {
      const scores = new Float32Array(CATEGORIES.length);
      for (const [column, category] of this.#categories.entries())
        scores[CATEGORY_INDEX[category]] = output?.[row * this.#categories.length + column] ?? Number.NaN;
      return scores;
    });
  }

  /** Frees the weights. */
  dispose(): void {
    this.#model.dispose();
  }

  #encode(text: string, lists: Float32Array): Encoded {
    const encoder = this.#encoder;
    encoder.reset();
    encoder.append(text);
    encoder.peek();
    const { grams, gramCount, words, wordCount } = encoder;
    return { grams: grams.slice(0, gramCount), words: words.slice(0, wordCount), lists };
  }
}

async function loadModel({ topology, weightSpecs, weightData, categories }: ModelArtifacts): Promise<LayersModel> {
  let model: LayersModel;
  try {
    model = await loadLayersModel(tf.io.fromMemory({ modelTopology: topology, weightSpecs, weightData }));
  } catch (cause) {
    throw new ModelLoadError('classifier model: TensorFlow.js cannot load the layers model', { cause });
  }
  const problem = shapeProblem(model, categories.length);
  if (problem === undefined) return model;
  model.dispose();
  throw new ModelLoadError(`classifier model: ${problem}`);
}

/** What keeps a model from being run here, if anything does. */
function shapeProblem(model: LayersModel, outputs: number): string | undefined {
  const unknown = model.inputNames.find((name) => !Object.hasOwn(INPUTS, name));
  if (unknown !== undefined) return `no input is named ${unknown}; there are: ${Object.keys(INPUTS).join(', ')}`;
  const shape = model.outputs[0]?.shape;
  if (model.outputs.length !== 1 || shape?.length !== 2 || shape[1] !== outputs) {
    return `the model must have one output of ${outputs} scores, one for each category of metadata.json`;
  }
  for (const layer of model.layers.filter((each) => each.getClassName() === 'Embedding')) {
    const sources = layer.inboundNodes.flatMap(({ inboundLayers }) => inboundLayers.map(({ name }) => name));
    const rows = Math.max(...sources.map((name) => ROWS[name] ?? 0));
    // A backend may read beyond the end of a table without a word.
    if (Number(layer.getConfig()['inputDim']) < rows) return `the table ${layer.name} needs ${rows} rows`;
  }
  return undefined;
}

function inputOf(name: string): NonNullable<(typeof INPUTS)[string]> {
  const input = INPUTS[name];
  if (input === undefined) throw new ModelLoadError(`classifier model: no input is named ${name}`);
  return input;
}

/** Columns of a batch: the longest of its texts, at least one. */
function widthOf(rows: readonly Int32Array[]): number {
  return Math.max(1, ...rows.map(({ length }) => length));
}

/** Shorter texts are filled up with bucket 0, which pads. */
function bucketTensor(rows: readonly Int32Array[]): tf.Tensor {
  const width = widthOf(rows);
  const buckets = new Int32Array(rows.length * width);
  for (const [at, row] of rows.entries()) buckets.set(row, at * width);
  return tf.tensor2d(buckets, [rows.length, width], 'int32');
}

/** What makes the mean over all columns the sum over the text's own, divided by the root of their number. */
function rootTensor(rows: readonly Int32Array[]): tf.Tensor {
  const width = widthOf(rows);
  const roots = rows.map(({ length }) => (length === 0 ? 0 : width / Math.sqrt(length)));
  return tf.tensor2d(roots, [rows.length, 1]);
}
