import { CATEGORIES, LIST_COUNT_SIZE, type ListCounts, type RunningScore, type TextClassifier } from '../core/index.js';
import { type Fold, TextEncoder } from './encode-text.js';
import { scaleListCount } from './list-inputs.js';
import type { ModelWeights } from './model-weights.js';
import { PackedTable, Pool } from './pool.js';

const SIZE = CATEGORIES.length;

/** What all scores of one classifier share. */
interface KernelParts {
  readonly weights: ModelWeights;
  readonly grams: PackedTable;
  readonly words: PackedTable;
  readonly fold: Fold;
}

class KernelScore implements RunningScore {
  readonly #weights: ModelWeights;
  readonly #encoder: TextEncoder;
  readonly #grams: Pool;
  readonly #words: Pool;
  readonly #allGrams: Pool;
  readonly #allWords: Pool;
  readonly #hidden: Float64Array;
  readonly #logits = new Float64Array(SIZE);
  readonly #scores = new Float32Array(SIZE);

  constructor({ weights, grams, words, fold }: KernelParts) {
    this.#weights = weights;
    this.#encoder = new TextEncoder(fold);
    this.#grams = new Pool(grams);
    this.#words = new Pool(words);
    this.#allGrams = new Pool(grams);
    this.#allWords = new Pool(words);
    this.#hidden = new Float64Array(weights.words.columns);
  }

  reset(): void {
    this.#encoder.reset();
    this.#grams.reset();
    this.#words.reset();
  }

  append(text: string): void {
    const encoder = this.#encoder;
    encoder.append(text);
    this.#grams.add(encoder.grams, encoder.gramCount);
    this.#words.add(encoder.words, encoder.wordCount);
    encoder.clear();
  }

  scores(listCounts?: ListCounts): Float32Array {
    const encoder = this.#encoder;
    this.#allGrams.copyFrom(this.#grams);
    this.#allWords.copyFrom(this.#words);
    encoder.peek();
    this.#allGrams.add(encoder.grams, encoder.gramCount);
    this.#allWords.add(encoder.words, encoder.wordCount);
    encoder.clear();
    return this.#head(listCounts);
  }

  #head(listCounts: ListCounts | undefined): Float32Array {
    const { hiddenBias, bias, output, listHidden, listOutput } = this.#weights;
    const hidden = this.#hidden;
    const logits = this.#logits;
    hidden.set(hiddenBias);
    logits.set(bias);
    this.#allGrams.addTo(logits);
    this.#allWords.addTo(hidden);
    for (let index = 0; listCounts !== undefined && index < LIST_COUNT_SIZE; index++) {
      const value = scaleListCount(listCounts[index] ?? 0);
      if (value === 0) continue;
      addRow(hidden, { from: listHidden, row: index, value });
      addRow(logits, { from: listOutput, row: index, value });
    }
    for (let unit = 0; unit < hidden.length; unit++) {
      const value = hidden[unit] ?? 0;
      if (value <= 0) continue;
      for (let column = 0, at = unit * SIZE; column < SIZE; column++, at++) {
        logits[column] = (logits[column] ?? 0) + value * (output[at] ?? 0);
      }
    }
    for (let column = 0; column < SIZE; column++) this.#scores[column] = 1 / (1 + Math.exp(-(logits[column] ?? 0)));
    return this.#scores;
  }
}

function addRow(to: Float64Array, { from, row, value }: { from: Float32Array; row: number; value: number }): void {
  for (let column = 0, at = row * to.length; column < to.length; column++, at++) {
    to[column] = (to[column] ?? 0) + value * (from[at] ?? 0);
  }
}

/** The model on typed arrays: no tensors, microseconds for a chat message. */
export class KernelClassifier implements TextClassifier {
  readonly version: string;
  readonly backend = 'kernel';
  readonly #parts: KernelParts;
  readonly #whole: KernelScore;

  constructor(weights: ModelWeights, fold: Fold) {
    this.version = weights.version;
    this.#parts = { weights, fold, grams: new PackedTable(weights.grams), words: new PackedTable(weights.words) };
    this.#whole = new KernelScore(this.#parts);
  }

  score(text: string, listCounts?: ListCounts): Float32Array {
    this.#whole.reset();
    this.#whole.append(text);
    return this.#whole.scores(listCounts);
  }

  begin(): RunningScore {
    return new KernelScore(this.#parts);
  }

  dispose(): void {}
}
