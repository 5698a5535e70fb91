import type { Span } from '../core/index.js';
import { reads, SEPARATOR } from '../text/index.js';
import { SEPARATOR_CLASS } from './alphabet.js';
import type { Lexicon } from './build.js';
import { CELL, ROOT } from './cells.js';
import type { Depths } from './open-depths.js';
import type { Pattern } from './pattern.js';

/** A letter that is a word of its own, or one of the letters that such a character is read as. */
export interface SpelledLetter extends Span {
  readonly unit: number;
  /** Whether the character begins with it. */
  readonly isFirst: boolean;
}

/** Separators after the first that may stand between two letters of one word; in a table or before an indented line stand more. */
const MAX_GAP = 8;
/** More single-letter words in a row than any term has letters. */
const MAX_RUN = 256;

/** Finds terms that are spelled out: it reads words of one letter, one after the other. */
export class SpelledWords {
  readonly #lexicon: Pick<Lexicon, 'spelled' | 'spelledPatterns' | 'alphabet'>;
  readonly #onMatch: (pattern: Pattern, span: Span) => void;
  #state = ROOT;
  #run: SpelledLetter[] = [];

  constructor(lexicon: Lexicon, onMatch: (pattern: Pattern, span: Span) => void) {
    this.#lexicon = lexicon;
    this.#onMatch = onMatch;
  }

  /** Whether a run of single-letter words is open. */
  get isOpen(): boolean {
    return this.#run.length > 0;
  }

  /** Start of the open run, or `otherwise`. */
  runStart(otherwise: number): number {
    return this.#run[0]?.start ?? otherwise;
  }

  /**
   * Start of the longest term that may still complete, by the depths of its automaton, or `otherwise`; `next` are the letters of
   * the word that is being read, as long as it is one of a single letter.
   */
  openStart(
    depths: Depths,
    { next, otherwise }: { readonly next: readonly SpelledLetter[]; readonly otherwise: number },
  ): number {
    const { spelled, alphabet } = this.#lexicon;
    let state = this.#state;
    for (const { unit } of next) state = spelled.next(state, alphabet.symbolOf(unit));
    const depth = depths[state / CELL] ?? 0;
    if (depth === 0) return otherwise;
    const first = depth > next.length ? this.#run[this.#run.length + next.length - depth] : next[next.length - depth];
    return first?.start ?? otherwise;
  }

  /** What a character is read as that, with its repetitions, is the whole word at `span`. */
  lettersOf(codePoint: number, span: Span): SpelledLetter[] {
    const units = this.#lexicon.alphabet.fold.units(codePoint);
    if (units[0] === undefined || units[0] === SEPARATOR) return [];
    return units.map((unit, index) => ({ unit, ...span, isFirst: index === 0 }));
  }

  /** Whether a run ends where `last` is a separator and was repeated so often. */
  endsAfter(last: number, repeats: number): boolean {
    return repeats >= MAX_GAP && last === SEPARATOR_CLASS;
  }

  /** Ends the run: a word of several letters has come. */
  reset(): void {
    this.#state = ROOT;
    this.#run = [];
  }

  /** Reads the letters of one single-letter word. */
  push(letters: readonly SpelledLetter[]): void {
    const { spelled, spelledPatterns, alphabet } = this.#lexicon;
    for (const letter of letters) {
      this.#run.push(letter);
      if (this.#run.length > MAX_RUN) this.#run.shift();
      this.#state = spelled.next(this.#state, alphabet.symbolOf(letter.unit));
    }
    for (const number of spelled.outputs(this.#state)) {
      const pattern = spelledPatterns.get(number);
      const size = pattern.units.length;
      const run = this.#run.slice(-size);
      const [first] = run;
      if (first?.isFirst !== true || !run.every(({ unit }, i) => reads(unit, pattern.units[i] ?? SEPARATOR))) continue;
      // Few letters spelled inside a longer run are chance ("a b c d"); the whole run is not.
      if (size > 3 || this.#run.length === size) {
        this.#onMatch(pattern, { start: first.start, end: run.at(-1)?.end ?? first.end });
      }
    }
  }
}
