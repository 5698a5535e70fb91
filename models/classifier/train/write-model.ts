import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { input, layers, model as layersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { GRAM_BUCKETS, WORD_BUCKETS } from '../../../src/classifier/encode-text.js';
import { expectedShapes } from '../../../src/classifier/model-weights.js';
import { CATEGORIES, LIST_COUNT_SIZE } from '../../../src/core/index.js';

/** Weights by the names of `expectedShapes`. */
export type FinalWeights = ReadonlyMap<string, Float32Array>;

/** Values outside this many standard deviations are cut off before quantization. */
const CLIP_DEVIATIONS = 12;

/** Writes `model.json`, `weights.bin` and `metadata.json` into `folder`. `about` joins the metadata. */
export async function writeModel(folder: string, weights: FinalWeights, about: object): Promise<void> {
  const hidden = weights.get('list_hidden/bias')?.length ?? 0;
  const specs: object[] = [];
  const chunks: Buffer[] = [];
  for (const [name, shape] of expectedShapes(hidden)) {
    const values = weights.get(name) ?? new Float32Array(0);
    if (name.endsWith('/embeddings')) {
      const { bytes, scale, min } = quantize(values);
      specs.push({
        name,
        shape,
        dtype: 'float32',
        quantization: { dtype: 'uint8', scale, min, original_dtype: 'float32' },
      });
      chunks.push(Buffer.from(bytes));
    } else {
      specs.push({ name, shape, dtype: 'float32' });
      chunks.push(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    }
  }
  const weightData = Buffer.concat(chunks);
  const modelText = `${JSON.stringify(
    {
      format: 'layers-model',
      generatedBy: 'llm-sluice train',
      convertedBy: null,
      modelTopology: await topology(hidden),
      weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
    },
    null,
    2,
  )}\n`;
  const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
  const metadata = {
    sha256: { 'model.json': sha256(modelText), 'weights.bin': sha256(weightData) },
    categories: CATEGORIES,
    ...about,
  };
  writeFileSync(join(folder, 'model.json'), modelText);
  writeFileSync(join(folder, 'weights.bin'), weightData);
  writeFileSync(join(folder, 'metadata.json'), `${JSON.stringify(metadata, null, 2)}\n`);
}

/** Bytes of a table, `value = byte * scale + min`; zero is met exactly. */
export function quantize(values: Float32Array): { bytes: Uint8Array; scale: number; min: number } {
  let squares = 0;
  let count = 0;
  let peak = 0;
  for (const value of values) {
    if (value === 0) continue;
    squares += value * value;
    count++;
    peak = Math.max(peak, Math.abs(value));
  }
  const limit = Math.min(peak, CLIP_DEVIATIONS * Math.sqrt(squares / Math.max(1, count))) || 1;
  const scale = limit / 127;
  const bytes = Uint8Array.from(values, (value) => 128 + Math.max(-127, Math.min(127, Math.round(value / scale))));
  return { bytes, scale, min: -128 * scale };
}

/** The model as TensorFlow.js describes it: two pooled embeddings, the list counts, one hidden layer. */
async function topology(hidden: number): Promise<object> {
  await tf.setBackend('cpu');
  const pooled = (name: string, rows: number, width: number) => {
    const buckets = input({ shape: [null], dtype: 'int32', name: `${name}_buckets` });
    const root = input({ shape: [1], name: `${name}_root` });
    const embedded = layers.embedding({ name, inputDim: rows, outputDim: width, embeddingsInitializer: 'zeros' });
    const averaged = layers.globalAveragePooling1d({ name: `${name}_mean` }).apply(embedded.apply(buckets));
    const scaled = layers.multiply({ name: `${name}_scaled` }).apply([averaged as SymbolicTensor, root]);
    return { inputs: [buckets, root], scaled: scaled as SymbolicTensor };
  };
  const size = CATEGORIES.length;
  const grams = pooled('grams', GRAM_BUCKETS, size);
  const words = pooled('words', WORD_BUCKETS, hidden);
  const lists = input({ shape: [LIST_COUNT_SIZE], name: 'lists' });
  const dense = (name: string, units: number, useBias: boolean) =>
    layers.dense({ name, units, useBias, kernelInitializer: 'zeros' });
  const listHidden = dense('list_hidden', hidden, true).apply(lists) as SymbolicTensor;
  const summed = layers.add({ name: 'hidden_sum' }).apply([words.scaled, listHidden]);
  const active = layers.activation({ name: 'hidden', activation: 'relu' }).apply(summed);
  const logits = layers
    .add({ name: 'logits' })
    .apply([
      grams.scaled,
      dense('list_output', size, true).apply(lists) as SymbolicTensor,
      dense('hidden_output', size, false).apply(active) as SymbolicTensor,
    ]);
  const scores = layers.activation({ name: 'scores', activation: 'sigmoid' }).apply(logits) as SymbolicTensor;
  const built = layersModel({ inputs: [...grams.inputs, ...words.inputs, lists], outputs: scores, name: 'classifier' });
  return built.toJSON(null, false) as object;
}
