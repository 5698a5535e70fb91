import type { Span } from '../core/index.js';
import { SEPARATOR } from '../text/index.js';
import type { Alphabet } from './alphabet.js';
import { BackReader } from './back-reader.js';
import type { Pattern } from './pattern.js';
import type { Reading } from './reading.js';
import { RunJudge } from './run-judge.js';

/** A place in a text, to look back from. */
export interface Place {
  readonly text: string;
  readonly position: number;
  readonly reading: Reading;
}

/** Finds where a match began, once the automaton has said where it ends. */
export class BackMatcher {
  readonly #reader: BackReader;
  readonly #judge = new RunJudge();

  constructor(alphabet: Alphabet) {
    this.#reader = new BackReader(alphabet);
  }

  /**
   * Span of the match of `pattern` whose last symbol was read when the text before `position` had been read, or
   * `undefined` when the text there does not read so. The span covers whole runs and, before a word edge, what matching
   * skips behind its last letter. O(length of the match).
   */
  match({ text, position, reading }: Place, pattern: Pattern): Span | undefined {
    const reader = this.#reader;
    const judge = this.#judge;
    const { units, symbols, leads, trails } = pattern;
    reader.reset(text, position, reading);
    judge.reset(pattern);
    const first = leads ? 1 : 0;
    let end = position;
    if (!reader.next()) return undefined;
    if (trails && reader.unit === SEPARATOR) {
      end = reader.start;
      if (!reader.next()) return undefined;
    }
    let start = end;
    let last = units.length - (trails ? 2 : 1);
    for (let symbol = symbols.length - (trails ? 2 : 1); symbol >= first; symbol -= 1) {
      const at = symbols[symbol] as number;
      if (!judge.take(at, last, reader)) return undefined;
      last = at - 1;
      start = reader.start;
      if (symbol === first && !leads && !reader.isWhole) return undefined;
      const isMore = reader.next();
      if (!isMore && symbol > first) return undefined;
      if (symbol === first && leads && reader.unit !== SEPARATOR) return undefined;
    }
    return judge.accepts() ? { start, end } : undefined;
  }

  /** Index of the symbol that stands `symbols` back from the place; for a word edge that of the letter behind it. O(distance). */
  symbolStart({ text, position, reading }: Place, symbols: number): number {
    const reader = this.#reader;
    reader.reset(text, position, reading);
    let found = position;
    for (let left = symbols; left > 0 && reader.next(); left -= 1) {
      if (left > 1 || reader.unit !== SEPARATOR) found = reader.start;
    }
    return found;
  }
}
