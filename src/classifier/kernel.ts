import { CATEGORIES, LIST_COUNT_SIZE, type ListCounts, type RunningScore, type TextClassifier } from '../core/index.js';
import { type Fold, TextEncoder } from './encode-text.js';
import { scaleListCount } from './list-inputs.js';
import type { ModelWeights } from './model-weights.js';
import { PackedTable, Pool, type RowTable } from './pool.js';
import { SimdTable } from './simd-table.js';

const SIZE = CATEGORIES.length;

/** What is not in the tables, which are kept once, where they are summed. */
type HeadWeights = Omit<ModelWeights, 'grams' | 'words'>;

/** What all scores of one classifier share. */
interface KernelParts {
  readonly weights: HeadWeights;
  readonly grams: RowTable;
  readonly words: RowTable;
  readonly fold: Fold;
  readonly scratch: Scratch;
}

/** What a score is worked out in. One serves all: each call of `scores` is complete in itself. */
class Scratch {
  readonly grams: Pool;
  readonly words: Pool;
  readonly hidden: Float64Array;
  readonly logits = new Float64Array(SIZE);
  readonly hiddenBias: Float64Array;
  readonly bias: Float64Array;

  constructor({ hiddenBias, bias }: HeadWeights, grams: RowTable, words: RowTable) {
    this.grams = new Pool(grams);
    this.words = new Pool(words);
    this.hidden = new Float64Array(words.columns);
    this.hiddenBias = Float64Array.from(hiddenBias);
    this.bias = Float64Array.from(bias);
  }
}

class KernelScore implements RunningScore {
  readonly #weights: HeadWeights;
  readonly #encoder: TextEncoder;
  readonly #grams: Pool;
  readonly #words: Pool;
  readonly #scratch: Scratch;
  readonly #scores = new Float32Array(SIZE);

  constructor({ weights, grams, words, fold, scratch }: KernelParts) {
    this.#weights = weights;
    this.#encoder = new TextEncoder(fold);
    this.#grams = new Pool(grams);
    this.#words = new Pool(words);
    this.#scratch = scratch;
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
    const { grams, words } = this.#scratch;
    grams.copyFrom(this.#grams);
    words.copyFrom(this.#words);
    encoder.peek();
    grams.add(encoder.grams, encoder.gramCount);
    words.add(encoder.words, encoder.wordCount);
    encoder.clear();
    return this.#head(listCounts);
  }

  #head(listCounts: ListCounts | undefined): Float32Array {
    const { output, listHidden, listOutput } = this.#weights;
    const { grams, words, hidden, logits, hiddenBias, bias } = this.#scratch;
    hidden.set(hiddenBias);
    logits.set(bias);
    grams.addTo(logits);
    words.addTo(hidden);
    for (let index = 0; listCounts !== undefined && index < LIST_COUNT_SIZE; index++) {
      const value = scaleListCount(listCounts[index] ?? 0);
      if (value === 0) continue;
      addRow(hidden, { from: listHidden, row: index, value });
      addRow(logits, { from: listOutput, row: index, value });
    }
    for (let unit = 0; unit < hidden.length; unit++) {
      const value = hidden[unit] as number;
      if (value <= 0) continue;
      for (let column = 0, at = unit * SIZE; column < SIZE; column++, at++) {
        logits[column] = (logits[column] as number) + value * (output[at] as number);
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
  readonly backend: 'kernel' | 'kernel-simd';
  readonly #parts: KernelParts;
  readonly #whole: KernelScore;

  /** @param simd whether to sum by vector instructions where WebAssembly has them */
  constructor(weights: ModelWeights, fold: Fold, simd = true) {
    this.version = weights.version;
    const [grams, words] = (simd ? SimdTable.move(weights.grams, weights.words) : undefined) ?? [];
    this.backend = grams === undefined ? 'kernel' : 'kernel-simd';
    const { grams: gramTable, words: wordTable, ...head } = weights;
    const tables = { grams: grams ?? new PackedTable(gramTable), words: words ?? new PackedTable(wordTable) };
    this.#parts = { ...tables, weights: head, fold, scratch: new Scratch(head, tables.grams, tables.words) };
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
