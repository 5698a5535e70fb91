import nodeUtil from 'node:util';
import * as tf from '@tensorflow/tfjs-core';

/** TensorFlow.js backends that can run a model. */
export type TensorFlowBackend = 'tfjs-node' | 'tfjs-wasm' | 'tfjs-cpu';

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

/** Starts `wanted`; a backend that cannot start falls back to WebAssembly, then plain JavaScript. Resolves to what runs. */
export async function selectBackend(wanted: TensorFlowBackend): Promise<TensorFlowBackend> {
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
