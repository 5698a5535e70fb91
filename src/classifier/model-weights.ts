import { CATEGORIES, LIST_COUNT_SIZE, ModelLoadError } from '../core/index.js';
import { GRAM_BUCKETS, WORD_BUCKETS } from './encode-text.js';

/** A table of bytes, a view of the file; entry `v` stands for `v * scale + min`. */
export interface QuantizedTable {
  readonly values: Uint8Array;
  readonly columns: number;
  readonly scale: number;
  readonly min: number;
}

/** Weights of the model. Matrices are row-major; output columns in `CATEGORIES` order. */
export interface ModelWeights {
  readonly version: string;
  /** One row per n-gram bucket: its part of the ten logits. */
  readonly grams: QuantizedTable;
  /** One row per word bucket: its part of the hidden units. */
  readonly words: QuantizedTable;
  readonly listHidden: Float32Array;
  readonly hiddenBias: Float32Array;
  /** From hidden units to logits. */
  readonly output: Float32Array;
  readonly listOutput: Float32Array;
  readonly bias: Float32Array;
}

/** One entry of the weights manifest of a layers model. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: 'float32';
  readonly quantization?: { readonly dtype: 'uint8'; readonly scale: number; readonly min: number };
}

/** Names and shapes of the weights that the kernel reads, in file order; `hidden` is read from the model. */
export function expectedShapes(hidden: number): ReadonlyMap<string, readonly number[]> {
  const outputs = CATEGORIES.length;
  return new Map<string, readonly number[]>([
    ['grams/embeddings', [GRAM_BUCKETS, outputs]],
    ['words/embeddings', [WORD_BUCKETS, hidden]],
    ['list_hidden/kernel', [LIST_COUNT_SIZE, hidden]],
    ['list_hidden/bias', [hidden]],
    ['list_output/kernel', [LIST_COUNT_SIZE, outputs]],
    ['list_output/bias', [outputs]],
    ['hidden_output/kernel', [hidden, outputs]],
  ]);
}

/**
 * Takes the weights apart.
 * @throws {ModelLoadError} when a weight is missing or has another shape than this version of the kernel reads.
 */
export function readWeights(version: string, specs: readonly WeightSpec[], data: ArrayBuffer): ModelWeights {
  const hidden = specs.find((spec) => spec.name === 'list_hidden/bias')?.shape[0] ?? 0;
  const shapes = expectedShapes(hidden);
  const parts = new Map<string, { readonly spec: WeightSpec; readonly bytes: Uint8Array }>();
  let offset = 0;
  for (const spec of specs) {
    const length = spec.shape.reduce((product, size) => product * size, 1) * (spec.quantization === undefined ? 4 : 1);
    parts.set(spec.name, { spec, bytes: new Uint8Array(data, offset, length) });
    offset += length;
  }
  if (offset !== data.byteLength) throw new ModelLoadError('classifier model: weights.bin has an unexpected length');
  for (const [name, shape] of shapes) {
    if (parts.get(name)?.spec.shape.join() !== shape.join()) {
      throw new ModelLoadError(
        `classifier model: ${name} is not of shape ${shape.join(' x ')}; a model of another architecture says "input": "hashed" in metadata.json`,
      );
    }
  }
  // Few, and not where the file would let a view of them begin.
  const floats = (name: string): Float32Array => new Float32Array(Uint8Array.from(parts.get(name)?.bytes ?? []).buffer);
  const table = (name: string): QuantizedTable => {
    const part = parts.get(name);
    const quantization = part?.spec.quantization;
    if (part === undefined || quantization?.dtype !== 'uint8') {
      throw new ModelLoadError(`classifier model: ${name} is not quantized to uint8`);
    }
    const { scale, min } = quantization;
    return { values: part.bytes, columns: part.spec.shape[1] ?? 0, scale, min };
  };
  return {
    version,
    grams: table('grams/embeddings'),
    words: table('words/embeddings'),
    listHidden: floats('list_hidden/kernel'),
    hiddenBias: floats('list_hidden/bias'),
    output: floats('hidden_output/kernel'),
    listOutput: floats('list_output/kernel'),
    bias: floats('list_output/bias'),
  };
}
