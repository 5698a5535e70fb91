import nodeUtil from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { CATEGORIES, type RunningScore, type TextClassifier } from '../core/index.js';
import { BUCKETS, encodeText } from './encode-text.js';

/** TensorFlow.js backends that can run the model. */
export type TensorFlowBackend = 'tfjs-node' | 'tfjs-wasm' | 'tfjs-cpu';

/** A verified model artefact, in the parts that TensorFlow.js takes. */
export interface ModelArtifacts {
  readonly version: string;
  readonly topology: object;
  readonly weightSpecs: tf.io.WeightsManifestEntry[];
  readonly weightData: ArrayBuffer;
  readonly caps: Float32Array;
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
  const { topology, weightSpecs, weightData, version, caps } = artifacts;
  const model = await loadLayersModel(tf.io.fromMemory({ modelTopology: topology, weightSpecs, weightData }));
  const scores = new Float32Array(CATEGORIES.length);
  let disposed = false;

  function score(text: string): Float32Array {
    const features = new Float32Array(BUCKETS);
    const buckets = encodeText(text);
    const step = 1 / Math.sqrt(Math.max(1, buckets.length));
    for (const bucket of buckets) {
      features[bucket] = (features[bucket] ?? 0) + step;
    }
    const output = tf.tidy(() => {
      const predicted = model.predict(tf.tensor2d(features, [1, BUCKETS]));
      return (Array.isArray(predicted) ? predicted[0] : predicted)?.dataSync();
    });
    for (let index = 0; index < scores.length; index++) {
      scores[index] = Math.min(caps[index] ?? 1, output?.[index] ?? 0);
    }
    return scores;
  }

  function begin(): RunningScore {
    let text = '';
    return {
      append(piece) {
        text += piece;
      },
      scores: () => score(text),
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
