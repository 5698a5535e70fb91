import { isSpace } from '../text/index.js';
import { FIRST_PLAIN, JOINER, SEPARATOR_CLASS, SKIP, STEP_MASK, UNKNOWN_SYMBOL, UNSPACED_BIT } from './alphabet.js';
import type { Lexicon } from './build.js';
import { BASE, CELL, FAIL, OUTPUT, ROOT } from './cells.js';
import type { Docket } from './docket.js';
import type { LaneState } from './lane.js';
import type { RecentText } from './recent-text.js';
import type { SpelledWords } from './spelled-words.js';

// Imported bindings are read through an accessor in some module formats; these are read for every character.
const [PLAIN, EDGE, JOINS, SKIPPED, STEP, UNSPACED] = [
  FIRST_PLAIN,
  SEPARATOR_CLASS,
  JOINER,
  SKIP,
  STEP_MASK,
  UNSPACED_BIT,
];
const [ROOT_STATE, BASE_AT, FAIL_AT, OUTPUT_AT, CELL_SIZE] = [ROOT, BASE, FAIL, OUTPUT, CELL];
const UNKNOWN_STEP = UNKNOWN_SYMBOL * CELL;
const isBlank = isSpace;

/** What the plain reading works with. */
export interface PlainReadingParts {
  readonly lexicon: Pick<Lexicon, 'automaton' | 'alphabet'>;
  readonly text: RecentText;
  readonly spelled: SpelledWords;
  readonly docket: Pick<Docket, 'nextReady'>;
  /** Takes in the matches that end where the reading stands, before that index of the text. */
  readonly onOutput: (position: number) => void;
}

/** The reading that takes symbols and marks as separators, and the loop that nearly all text goes through. */
export class PlainReading implements LaneState {
  state: number;
  last = SEPARATOR_CLASS;
  repeats = 0;
  /** Letters since the last separator. */
  letters = 0;
  /** Grows with symbols read that were no repetition. */
  changes = 0;
  /** Offset of the last character that was read with a look at the one behind it. */
  peekedAt = -1;
  readonly #lexicon: Pick<Lexicon, 'automaton' | 'alphabet'>;
  readonly #text: RecentText;
  readonly #spelled: SpelledWords;
  readonly #docket: Pick<Docket, 'nextReady'>;
  readonly #onOutput: (position: number) => void;

  constructor({ lexicon, text, spelled, docket, onOutput }: PlainReadingParts) {
    this.#lexicon = lexicon;
    this.#text = text;
    this.#spelled = spelled;
    this.#docket = docket;
    this.#onOutput = onOutput;
    // The start of a text is a word edge.
    this.state = lexicon.automaton.next(ROOT, SEPARATOR_CLASS / CELL);
  }

  /** Reads one symbol; `true` when it was no repetition. */
  step(found: number): boolean {
    if (found === this.last) {
      this.repeats += 1;
      return false;
    }
    this.state = this.#lexicon.automaton.next(this.state, (found & STEP_MASK) / CELL);
    this.last = found;
    this.repeats = 0;
    this.changes += 1;
    if (found !== SEPARATOR_CLASS) this.letters += 1;
    return true;
  }

  /**
   * Reads characters that every reading reads alike, until one comes that may be read otherwise; returns the index of that
   * one, or that behind the last. Reads no farther than to where a candidate is to be decided. The hot loop: everything it
   * needs is a local, and it makes no object.
   * @param from index of the text
   * @param markedUntil index behind the last sound mark, where what is skipped is not plain
   */
  read(from: number, markedUntil: number): number {
    const { cells } = this.#lexicon.automaton;
    const { classes } = this.#lexicon.alphabet;
    const { piece, pieceStart } = this.#text;
    const length = piece.length;
    const marked = markedUntil - pieceStart;
    let until = this.#until();
    let at = from - pieceStart;
    let { state, last, letters, repeats } = this;
    const rootBase = cells[ROOT_STATE + BASE_AT] as number;
    let isSpelling = this.#spelled.isOpen;
    let changes = 0;
    while (at < until) {
      const code = piece.charCodeAt(at);
      let found = classes[code] as number;
      if (found < PLAIN) {
        if (found === SKIPPED && at !== marked) {
          at += 1;
          continue;
        }
        if (found !== JOINS) break;
        if (last === EDGE) found = EDGE;
      }
      if (found === last) {
        repeats += 1;
        at += 1;
        if (cells[state + OUTPUT_AT] === 0) continue;
      } else {
        if (found === JOINS || (found === EDGE && (last & UNSPACED) !== 0 && isBlank(code))) {
          // It may be nothing between two letters, unless their scripts meet there, which makes a word edge anyway.
          if (at + 1 >= length) break;
          const next = classes[piece.charCodeAt(at + 1)] as number;
          if (next !== EDGE && (next < PLAIN || ((next ^ last) & UNSPACED) === 0)) break;
          this.peekedAt = this.#text.base + pieceStart + at + 1;
          found = EDGE;
        }
        // Where scripts with and without spaces meet, there is a word edge.
        const isMeeting = found !== EDGE && last !== EDGE && ((found ^ last) & UNSPACED) !== 0;
        if (found === EDGE || isMeeting) {
          if (letters === 1) {
            // Characters that no pattern holds are one symbol, so that a run of them is one letter, whatever it is.
            const isOne = repeats === 0 || (last & STEP) === UNKNOWN_STEP;
            if (!isOne || at === 0 || classes[piece.charCodeAt(at - 1)] !== last) break;
            this.#spell(at);
            isSpelling = this.#spelled.isOpen;
            until = this.#until();
          } else if (isSpelling) {
            if (letters === 0) break;
            this.#spelled.reset();
            isSpelling = false;
          }
          letters = 0;
          if (isMeeting) {
            state = this.#lexicon.automaton.next(state, EDGE / CELL_SIZE);
            if (cells[state + OUTPUT_AT] !== 0) {
              this.state = state;
              this.last = EDGE;
              this.repeats = 0;
              this.#onOutput(at + pieceStart);
              until = this.#until();
            }
          }
        } else if (isSpelling && this.#spelled.endsAfter(last, repeats)) break;
        if (found !== EDGE) letters += 1;
        changes += 1;
        const step = found & STEP;
        let to = (cells[state + BASE_AT] as number) + step;
        while (cells[to] !== state) {
          if (state === ROOT_STATE) {
            to = ROOT_STATE;
            break;
          }
          state = cells[state + FAIL_AT] as number;
          to = (cells[state + BASE_AT] as number) + step;
        }
        state = to;
        last = found;
        repeats = 0;
        at += 1;
        if (state === ROOT_STATE) {
          // Inside of a word at which nothing begins: most characters of most texts.
          for (; at < until; at += 1) {
            found = classes[piece.charCodeAt(at)] as number;
            if (found <= EDGE || ((found ^ last) & UNSPACED) !== 0) break;
            if (cells[rootBase + (found & STEP)] === ROOT_STATE) break;
            if (found === last) repeats += 1;
            else {
              repeats = 0;
              letters += 1;
              last = found;
            }
          }
          continue;
        }
        if (cells[state + OUTPUT_AT] === 0) continue;
      }
      this.state = state;
      this.last = last;
      this.repeats = repeats;
      this.#onOutput(at + pieceStart);
      until = this.#until();
    }
    this.state = state;
    this.last = last;
    this.letters = letters;
    this.repeats = repeats;
    this.changes += changes;
    return at + pieceStart;
  }

  /** Index of the piece up to which it may be read; an integer, for the hot loop compares it. */
  #until(): number {
    const { piece, pieceStart, base } = this.#text;
    return Math.min(piece.length, this.#docket.nextReady - base - pieceStart) | 0;
  }

  /** A word of one letter, the character before an index of the piece, continues a spelled-out word. */
  #spell(end: number): void {
    const { piece, pieceStart, base } = this.#text;
    const offset = base + pieceStart + end;
    this.#spelled.push(this.#spelled.lettersOf(piece.charCodeAt(end - 1), { start: offset - 1, end: offset }));
  }
}
