import { TextEncoder } from '../../../src/classifier/encode-text.js';
import { CATEGORIES, CATEGORY_INDEX, LIST_COUNT_SIZE } from '../../../src/core/index.js';
import { type Lexicon, scanText } from '../../../src/lexicon/index.js';
import { createFold } from '../../../src/text/index.js';
import { type Input, OUTPUTS } from './network.js';
import type { Row } from './read-rows.js';

const ANY = CATEGORIES.length;
const WEAK_WEIGHT = 0.4;
const IMPLIED_WEIGHT = 0.5;

/** A row as the network reads it. Targets are in [0, 1]; a weight of 0 masks. */
export interface Example extends Input {
  readonly row: Row;
  readonly targets: Float32Array;
  readonly weights: Float32Array;
}

/** Makes examples; holds the lists and the encoder. */
export class ExampleMaker {
  readonly #lexicon: Lexicon;
  readonly #encoder = new TextEncoder(createFold());

  constructor(lexicon: Lexicon) {
    this.#lexicon = lexicon;
  }

  /** What the network reads of a text. */
  input(text: string): Input {
    const encoder = this.#encoder;
    encoder.reset();
    encoder.append(text);
    encoder.peek();
    return {
      grams: encoder.grams.slice(0, encoder.gramCount),
      words: encoder.words.slice(0, encoder.wordCount),
      lists: this.#lists(text),
    };
  }

  /** A row with its labels as targets. Where nothing is violated every label is 0, also one the source does not annotate. */
  example(row: Row): Example {
    const targets = new Float32Array(OUTPUTS);
    const weights = new Float32Array(OUTPUTS);
    const weightOf = (id: string): number => (row.weak?.includes(id) === true ? WEAK_WEIGHT : 1);
    CATEGORIES.forEach((category, index) => {
      const label = row.labels[category];
      if (label === 0 || label === 1) {
        targets[index] = label;
        weights[index] = weightOf(category);
      } else if (row.any === 0) weights[index] = IMPLIED_WEIGHT * weightOf('any');
    });
    if (row.any !== null) {
      targets[ANY] = row.any;
      weights[ANY] = weightOf('any');
    }
    return { row, targets, weights, ...this.input(row.text) };
  }

  #lists(text: string): Float32Array | undefined {
    const found = scanText(this.#lexicon, text);
    if (found.length === 0) return undefined;
    const counts = new Float32Array(LIST_COUNT_SIZE);
    for (const { category, severity } of found) {
      const at = CATEGORY_INDEX[category] * 4 + severity - 1;
      counts[at] = (counts[at] ?? 0) + 1;
    }
    return counts.map((count) => Math.min(Math.log1p(count), 3));
  }
}
