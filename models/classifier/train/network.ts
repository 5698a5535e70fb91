import { GRAM_BUCKETS, WORD_BUCKETS } from '../../../src/classifier/encode-text.js';
import type { Random } from '../../../src/commands/eval-random.js';
import { CATEGORIES, LIST_COUNT_SIZE } from '../../../src/core/index.js';
import type { WordVectors } from './word-vectors.js';

/** The ten categories and, eleventh, whether any is violated. */
export const OUTPUTS = CATEGORIES.length + 1;

/** What the network reads of one text. */
export interface Input {
  readonly grams: Int32Array;
  readonly words: Int32Array;
  /** Scaled list counts, or `undefined` where the lists count as silent. */
  readonly lists: Float32Array | undefined;
}

/** Sizes and rates of training. */
export interface NetworkOptions {
  readonly hidden: number;
  readonly gramRate: number;
  readonly wordRate: number;
  readonly denseRate: number;
  /** Share of n-grams and of words left out of each example. */
  readonly gramDropout: number;
  readonly wordDropout: number;
  readonly hiddenDropout: number;
  /** Share of examples trained without list counts. */
  readonly listDropout: number;
  readonly useGrams: boolean;
  readonly useWords: boolean;
  readonly useLists: boolean;
}

const LISTS = LIST_COUNT_SIZE;

/**
 * Hashed linear model plus a bag of word vectors with one hidden layer, trained together by Adagrad. A word vector is a learned
 * projection of a pretrained vector plus a residual of its own, so that words unseen in training share what their neighbors learned.
 */
export class Network {
  readonly gram = new Float32Array(GRAM_BUCKETS * OUTPUTS);
  readonly residual: Float32Array;
  readonly projection: Float32Array;
  readonly listHidden: Float32Array;
  readonly hiddenBias: Float32Array;
  readonly output: Float32Array;
  readonly listOutput = new Float32Array(LISTS * OUTPUTS);
  readonly bias = new Float32Array(OUTPUTS).fill(-1.5);
  readonly options: NetworkOptions;
  readonly vectors: WordVectors | undefined;
  readonly logits = new Float64Array(OUTPUTS);
  readonly #gramSquares = new Float32Array(GRAM_BUCKETS * OUTPUTS).fill(0.01);
  readonly #residualSquares = new Float32Array(WORD_BUCKETS).fill(0.01);
  readonly #denseSquares = new Map<Float32Array, Float32Array>();
  readonly #hidden: Float64Array;
  readonly #hiddenGradient: Float64Array;
  readonly #vectorSum: Float64Array;
  readonly #random: Random;
  #grams = new Int32Array(1024);
  #gramCount = 0;
  #words = new Int32Array(1024);
  #wordCount = 0;
  #lists: Float32Array | undefined;

  constructor(options: NetworkOptions, random: Random, vectors?: WordVectors) {
    const { hidden } = options;
    const size = vectors?.size ?? 0;
    this.options = options;
    this.vectors = vectors;
    this.#random = random;
    this.residual = new Float32Array(options.useWords ? WORD_BUCKETS * hidden : 0);
    const normal = (length: number, scale: number): Float32Array =>
      Float32Array.from({ length }, () => random.normal() * scale);
    this.projection = normal(size * hidden, 1 / Math.sqrt(Math.max(1, size)));
    if (vectors === undefined) this.residual.set(normal(this.residual.length, 0.1));
    this.listHidden = normal(LISTS * hidden, 0.05);
    this.hiddenBias = new Float32Array(hidden);
    this.output = normal(hidden * OUTPUTS, 1 / Math.sqrt(hidden));
    this.#hidden = new Float64Array(hidden);
    this.#hiddenGradient = new Float64Array(hidden);
    this.#vectorSum = new Float64Array(size);
    for (const dense of [this.projection, this.listHidden, this.hiddenBias, this.output, this.listOutput, this.bias]) {
      this.#denseSquares.set(dense, new Float32Array(dense.length).fill(0.1));
    }
  }

  /** Logits of `input`, in `this.logits`; with `training`, parts of the input are left out at random. */
  forward(input: Input, training = false): Float64Array {
    const { options, logits } = this;
    this.#select(input, training);
    for (let out = 0; out < OUTPUTS; out++) logits[out] = this.bias[out] ?? 0;
    if (options.useGrams) this.#forwardGrams();
    if (this.#lists !== undefined) this.#addDense(this.#lists, this.listOutput, logits);
    if (options.useWords) this.#forwardWords(training);
    return logits;
  }

  /** One step down the gradient `errors` of the loss by the logits of the last `forward`. `rate` scales every step. */
  backward(errors: Float64Array, rate: number): void {
    const { options } = this;
    if (options.useWords) this.#backwardWords(errors, rate);
    if (options.useGrams) this.#backwardGrams(errors, rate);
    if (this.#lists !== undefined) this.#stepDense(this.listOutput, this.#lists, errors, rate);
    this.#stepDense(this.bias, ONE, errors, rate);
  }

  #select(input: Input, training: boolean): void {
    const { options } = this;
    const random = this.#random;
    if (this.#grams.length < input.grams.length) this.#grams = new Int32Array(input.grams.length * 2);
    if (this.#words.length < input.words.length) this.#words = new Int32Array(input.words.length * 2);
    const copy = (from: Int32Array, to: Int32Array, dropout: number): number => {
      let count = 0;
      for (let at = 0; at < from.length; at++) {
        if (training && dropout > 0 && random.next() < dropout) continue;
        to[count++] = from[at] ?? 0;
      }
      return count;
    };
    this.#gramCount = copy(input.grams, this.#grams, options.gramDropout);
    this.#wordCount = copy(input.words, this.#words, options.wordDropout);
    const silent = !options.useLists || (training && random.next() < options.listDropout);
    this.#lists = silent ? undefined : input.lists;
  }

  #forwardGrams(): void {
    const { gram, logits } = this;
    const norm = this.#gramCount === 0 ? 0 : 1 / Math.sqrt(this.#gramCount);
    for (let at = 0; at < this.#gramCount; at++) {
      let from = (this.#grams[at] ?? 0) * OUTPUTS;
      for (let out = 0; out < OUTPUTS; out++, from++) logits[out] = (logits[out] ?? 0) + (gram[from] ?? 0) * norm;
    }
  }

  #backwardGrams(errors: Float64Array, rate: number): void {
    const { gram } = this;
    const squares = this.#gramSquares;
    const norm = this.#gramCount === 0 ? 0 : 1 / Math.sqrt(this.#gramCount);
    const step = this.options.gramRate * rate;
    for (let out = 0; out < OUTPUTS; out++) {
      // What is right already within a hundredth is left alone: it is most of the work and none of the learning.
      if (Math.abs(errors[out] ?? 0) < 0.01) continue;
      const gradient = (errors[out] ?? 0) * norm;
      for (let at = 0; at < this.#gramCount; at++) {
        const to = (this.#grams[at] ?? 0) * OUTPUTS + out;
        const square = (squares[to] ?? 0) + gradient * gradient;
        squares[to] = square;
        gram[to] = (gram[to] ?? 0) - (step * gradient) / Math.sqrt(square);
      }
    }
  }

  #forwardWords(training: boolean): void {
    const { options, vectors, residual, projection } = this;
    const { hidden: size } = options;
    const hidden = this.#hidden;
    for (let unit = 0; unit < size; unit++) hidden[unit] = 0;
    this.#vectorSum.fill(0);
    const norm = this.#wordCount === 0 ? 0 : 1 / Math.sqrt(this.#wordCount);
    for (let at = 0; at < this.#wordCount; at++) {
      const bucket = this.#words[at] ?? 0;
      for (let unit = 0, from = bucket * size; unit < size; unit++, from++)
        hidden[unit] = (hidden[unit] ?? 0) + (residual[from] ?? 0) * norm;
      vectors?.addTo(this.#vectorSum, bucket, norm);
    }
    if (vectors !== undefined) this.#addDense(this.#vectorSum, projection, hidden);
    if (this.#lists !== undefined) this.#addDense(this.#lists, this.listHidden, hidden);
    for (let unit = 0; unit < size; unit++) {
      const value = (hidden[unit] ?? 0) + (this.hiddenBias[unit] ?? 0);
      const dropped = training && options.hiddenDropout > 0 && this.#random.next() < options.hiddenDropout;
      hidden[unit] = value <= 0 || dropped ? 0 : training ? value / (1 - options.hiddenDropout) : value;
    }
    this.#addDense(hidden, this.output, this.logits);
  }

  #backwardWords(errors: Float64Array, rate: number): void {
    const { options, residual, output } = this;
    const { hidden: size } = options;
    const gradient = this.#hiddenGradient;
    let norm2 = 0;
    for (let unit = 0; unit < size; unit++) {
      let sum = 0;
      if ((this.#hidden[unit] ?? 0) > 0)
        for (let out = 0, at = unit * OUTPUTS; out < OUTPUTS; out++, at++)
          sum += (errors[out] ?? 0) * (output[at] ?? 0);
      gradient[unit] = sum / (1 - options.hiddenDropout);
      norm2 += (gradient[unit] ?? 0) ** 2;
    }
    this.#stepDense(output, this.#hidden, errors, rate);
    if (norm2 < 1e-10) return;
    const norm = this.#wordCount === 0 ? 0 : 1 / Math.sqrt(this.#wordCount);
    const squares = this.#residualSquares;
    const step = options.wordRate * rate;
    if (step > 0)
      for (let at = 0; at < this.#wordCount; at++) {
        const bucket = this.#words[at] ?? 0;
        const square = (squares[bucket] ?? 0) + (norm2 * norm * norm) / size;
        squares[bucket] = square;
        const scale = (step * norm) / Math.sqrt(square);
        for (let unit = 0, to = bucket * size; unit < size; unit++, to++)
          residual[to] = (residual[to] ?? 0) - scale * (gradient[unit] ?? 0);
      }
    if (this.vectors !== undefined) this.#stepDense(this.projection, this.#vectorSum, gradient, rate);
    if (this.#lists !== undefined) this.#stepDense(this.listHidden, this.#lists, gradient, rate);
    this.#stepDense(this.hiddenBias, ONE, gradient, rate);
  }

  #addDense(input: ArrayLike<number>, weights: Float32Array, to: Float64Array): void {
    const width = to.length;
    for (let row = 0, at = 0; row < input.length; row++, at += width) {
      const value = input[row] ?? 0;
      if (value === 0) continue;
      for (let column = 0; column < width; column++)
        to[column] = (to[column] ?? 0) + value * (weights[at + column] ?? 0);
    }
  }

  #stepDense(weights: Float32Array, input: ArrayLike<number>, errors: Float64Array, rate: number): void {
    const squares = this.#denseSquares.get(weights) ?? ONE;
    const width = errors.length;
    const step = this.options.denseRate * rate;
    for (let row = 0, at = 0; row < input.length; row++, at += width) {
      const value = input[row] ?? 0;
      if (value === 0) continue;
      for (let column = 0; column < width; column++) {
        const gradient = value * (errors[column] ?? 0);
        if (gradient === 0) continue;
        const square = (squares[at + column] ?? 0) + gradient * gradient;
        squares[at + column] = square;
        weights[at + column] = (weights[at + column] ?? 0) - (step * gradient) / Math.sqrt(square);
      }
    }
  }
}

const ONE = new Float32Array([1]);
