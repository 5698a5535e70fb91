import nodeUtil from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import {
  CATEGORIES,
  CATEGORY_INDEX,
  type Category,
  LIST_COUNT_SIZE,
  type ListCounts,
  ModelLoadError,
  type RunningScore,
  type TextClassifier,
} from '../core/index.js';
import { type Fold, GRAM_BUCKETS, TextEncoder, WORD_BUCKETS } from './encode-text.js';
import { scaleListCounts } from './list-inputs.js';

/** TensorFlow.js backends that can run the model. */
export type TensorFlowBackend = 'tfjs-node' | 'tfjs-wasm' | 'tfjs-cpu';

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

/** The inputs that a model may have, by their names: any of them, in any order. */
const INPUTS: Readonly<Record<string, (encoder: TextEncoder, listCounts: ListCounts | undefined) => tf.Tensor>> = {
  grams_buckets: ({ grams, gramCount }) => bucketTensor(grams, gramCount),
  grams_root: ({ gramCount }) => tf.tensor2d([Math.sqrt(gramCount)], [1, 1]),
  words_buckets: ({ words, wordCount }) => bucketTensor(words, wordCount),
  words_root: ({ wordCount }) => tf.tensor2d([Math.sqrt(wordCount)], [1, 1]),
  lists: (_encoder, listCounts) => tf.tensor2d(scaleListCounts(listCounts), [1, LIST_COUNT_SIZE]),
};

/** Rows that a table over an input needs. */
const ROWS: Readonly<Record<string, number>> = { grams_buckets: GRAM_BUCKETS, words_buckets: WORD_BUCKETS };

async function tryNode(): Promise<boolean> {
  try {
    // tfjs-node 4 still calls this helper, which newer Node.js versions no longer have.
    const util = nodeUtil as unknown as Record<string, unknown>;
    util['isNullOrUndefined'] ??= (value: unknown): boolean => value === null || value === undefined;
    require('@tensorflow/tfjs-node');
    return await tf.setBackend('tensorflow');
  } catch {
    return false;
  }
}

async function tryWasm(): Promise<boolean> {
  try {
    await import('@tensorflow/tfjs-backend-wasm');
    return await tf.setBackend('wasm');
  } catch {
    return false;
  }
}

async function selectBackend(wanted: TensorFlowBackend): Promise<TensorFlowBackend> {
  if (wanted === 'tfjs-node' && (await tryNode())) {
    return 'tfjs-node';
  }
  if (wanted !== 'tfjs-cpu' && (await tryWasm())) {
    return 'tfjs-wasm';
  }
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  return 'tfjs-cpu';
}

/**
 * Loads the layers model on `wanted`; a backend that cannot start falls back to WebAssembly, then plain JavaScript.
 * @throws {ModelLoadError} when TensorFlow.js cannot load it, or its inputs or outputs are not those that are known here.
 */
export async function loadTensorFlow(artifacts: ModelArtifacts, wanted: TensorFlowBackend): Promise<TextClassifier> {
  const backend = await selectBackend(wanted);
  const { version, fold, categories } = artifacts;
  const model = await loadModel(artifacts);
  const scores = new Float32Array(CATEGORIES.length);
  let disposed = false;

  const encoder = new TextEncoder(fold);

  function score(text: string, listCounts?: ListCounts): Float32Array {
    encoder.reset();
    encoder.append(text);
    encoder.peek();
    const output = tf.tidy(() => {
      const predicted = model.predict(model.inputNames.map((name) => inputOf(name)(encoder, listCounts)));
      return (Array.isArray(predicted) ? predicted[0] : predicted)?.dataSync();
    });
    for (const [index, category] of categories.entries())
      scores[CATEGORY_INDEX[category]] = output?.[index] ?? Number.NaN;
    return scores;
  }

  function begin(): RunningScore {
    let text = '';
    return {
      append(piece) {
        text += piece;
      },
      scores: (listCounts) => score(text, listCounts),
    };
  }

  return {
    version,
    backend,
    score,
    begin,
    dispose() {
      if (!disposed) {
        disposed = true;
        model.dispose();
      }
    },
  };
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

function bucketTensor(buckets: Int32Array, count: number): tf.Tensor {
  const shown = count === 0 ? new Int32Array(1) : buckets.slice(0, count);
  return tf.tensor2d(shown, [1, shown.length], 'int32');
}
