import nodeUtil from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { CATEGORIES, LIST_COUNT_SIZE, type ListCounts, type RunningScore, type TextClassifier } from '../core/index.js';
import { type Fold, TextEncoder } from './encode-text.js';
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
}

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

/** Loads the layers model on `wanted`; a backend that cannot start falls back to WebAssembly, then plain JavaScript. */
export async function loadTensorFlow(artifacts: ModelArtifacts, wanted: TensorFlowBackend): Promise<TextClassifier> {
  const backend = await selectBackend(wanted);
  const { topology, weightSpecs, weightData, version, fold } = artifacts;
  const model = await loadLayersModel(tf.io.fromMemory({ modelTopology: topology, weightSpecs, weightData }));
  const scores = new Float32Array(CATEGORIES.length);
  let disposed = false;

  const encoder = new TextEncoder(fold);

  function score(text: string, listCounts?: ListCounts): Float32Array {
    encoder.reset();
    encoder.append(text);
    encoder.peek();
    const output = tf.tidy(() => {
      const predicted = model.predict([
        ...pooled(encoder.grams, encoder.gramCount),
        ...pooled(encoder.words, encoder.wordCount),
        tf.tensor2d(scaleListCounts(listCounts), [1, LIST_COUNT_SIZE]),
      ]);
      return (Array.isArray(predicted) ? predicted[0] : predicted)?.dataSync();
    });
    for (let index = 0; index < scores.length; index++) scores[index] = output?.[index] ?? Number.NaN;
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

/** The buckets, and the factor that makes their mean a sum divided by the square root of their number. */
function pooled(buckets: Int32Array, count: number): [tf.Tensor, tf.Tensor] {
  const shown = count === 0 ? new Int32Array(1) : buckets.slice(0, count);
  return [tf.tensor2d(shown, [1, shown.length], 'int32'), tf.tensor2d([Math.sqrt(count)], [1, 1])];
}
