import { CATEGORIES, type RunningScore, type TextClassifier } from '../core/index.js';
import { TextEncoder } from './encode-text.js';

const SIZE = CATEGORIES.length;

/** Weights of the linear model, decoded. */
export interface ModelWeights {
  readonly version: string;
  /** Bucket-major: ten weights per bucket. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  /** Highest score a category may report. */
  readonly caps: Float32Array;
}

class KernelScore implements RunningScore {
  readonly #weights: ModelWeights;
  readonly #sums = new Float64Array(SIZE);
  readonly #total = new Float64Array(SIZE);
  readonly #scores = new Float32Array(SIZE);
  readonly #encoder: TextEncoder;
  #count = 0;

  constructor(weights: ModelWeights) {
    this.#weights = weights;
    this.#encoder = new TextEncoder((bucket) => {
      this.#count++;
      this.#addTo(this.#sums, bucket);
    });
  }

  append(text: string): void {
    this.#encoder.append(text);
  }

  scores(): Float32Array {
    this.#total.set(this.#sums);
    let count = this.#count;
    this.#encoder.openWord((bucket) => {
      count++;
      this.#addTo(this.#total, bucket);
    });
    const norm = count === 0 ? 0 : 1 / Math.sqrt(count);
    for (let index = 0; index < SIZE; index++) {
      const logit = (this.#total[index] ?? 0) * norm + (this.#weights.bias[index] ?? 0);
      this.#scores[index] = Math.min(this.#weights.caps[index] ?? 1, 1 / (1 + Math.exp(-logit)));
    }
    return this.#scores;
  }

  #addTo(sums: Float64Array, bucket: number): void {
    const { kernel } = this.#weights;
    for (let index = 0, at = bucket * SIZE; index < SIZE; index++, at++) {
      sums[index] = (sums[index] ?? 0) + (kernel[at] ?? 0);
    }
  }
}

/** The linear model on typed arrays: no tensors, microseconds for a chat message. */
export class KernelClassifier implements TextClassifier {
  readonly version: string;
  readonly backend = 'kernel';
  readonly #weights: ModelWeights;

  constructor(weights: ModelWeights) {
    this.version = weights.version;
    this.#weights = weights;
  }

  score(text: string): Float32Array {
    const running = new KernelScore(this.#weights);
    running.append(text);
    return running.scores();
  }

  begin(): RunningScore {
    return new KernelScore(this.#weights);
  }

  dispose(): void {}
}
