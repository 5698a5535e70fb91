import {
  coarseUnit,
  isSpace,
  isUnspaced,
  SEMI_VOICED_MARK,
  SEPARATOR,
  VOICED_MARK,
  withVoicedMark,
} from '../text/index.js';
import { type Alphabet, EXPAND, FIRST_PLAIN, isSkipped, JOINER, LEET, SURROGATE } from './alphabet.js';
import { APART, type Reading } from './reading.js';

// Imported bindings are read through an accessor in some module formats; these are read for every character.
const [EDGE, PLAIN, LEET_CLASS, JOINER_CLASS, EXPAND_CLASS, SURROGATE_CLASS] = [
  SEPARATOR,
  FIRST_PLAIN,
  LEET,
  JOINER,
  EXPAND,
  SURROGATE,
];
const [VOICED, SEMI_VOICED, coarseOf] = [VOICED_MARK, SEMI_VOICED_MARK, coarseUnit];
const NONE = -1;
/** Changes of letter within one run that are kept; no term has as many. */
export const MAX_PARTS = 32;

/** Reads a text backwards, run by run, exactly as the scanner read it forwards. Made once and reused. */
export class BackReader {
  /** Unit of the first letter of the run that `next` found: one symbol, which different letters may share. */
  unit = NONE;
  /** Letters of the run, from the last to the first, equal neighbors taken together, and how often each stands. */
  readonly units = new Int32Array(MAX_PARTS);
  readonly counts = new Int32Array(MAX_PARTS);
  /** Number of entries of `units`; more than `MAX_PARTS` when the run has more than are kept. */
  parts = 0;
  start = 0;
  end = 0;
  /** Whether the run begins at the beginning of a character: no match begins inside one. */
  isWhole = true;
  readonly #alphabet: Alphabet;
  #text = '';
  #reading: Reading = APART;
  #at = 0;
  /** Unit that was read and belongs to the run to come. */
  #ahead = NONE;
  #aheadStart = 0;
  #aheadEnd = 0;
  #aheadIsLast = true;
  /** Units of the character being read, and how many of them are left. */
  #units: readonly number[] = [];
  #left = 0;
  #charStart = 0;
  #charEnd = 0;
  #mark = 0;
  #edgePending = false;
  #finished = false;

  constructor(alphabet: Alphabet) {
    this.#alphabet = alphabet;
  }

  /** Starts anew before `end` of `text`. */
  reset(text: string, end: number, reading: Reading): void {
    this.#text = text;
    this.#reading = reading;
    this.#at = end;
    this.#left = 0;
    this.#mark = 0;
    this.#edgePending = false;
    this.#finished = false;
    this.unit = NONE;
    this.#ahead = NONE;
    this.#fetch();
  }

  /** Reads one run; `false` behind the start of the text, which itself is a separator. */
  next(): boolean {
    if (this.#edgePending) {
      this.#edgePending = false;
      this.#giveEdge(this.#aheadEnd);
      return true;
    }
    if (this.#ahead === NONE) {
      if (this.#finished) return false;
      this.#finished = true;
      if (this.unit === EDGE) return false;
      this.#giveEdge(0);
      return true;
    }
    const coarse = coarseOf(this.#ahead);
    this.end = this.#aheadEnd;
    this.parts = 0;
    let unit = NONE;
    do {
      if (this.#ahead !== unit) this.parts += 1;
      const part = this.parts - 1;
      if (part < MAX_PARTS) {
        this.counts[part] = this.#ahead === unit ? (this.counts[part] as number) + 1 : 1;
        this.units[part] = this.#ahead;
      }
      unit = this.#ahead;
      this.start = this.#aheadStart;
      this.#fetch();
    } while (this.#ahead !== NONE && (this.#ahead === unit || coarseOf(this.#ahead) === coarse));
    this.unit = unit;
    const ahead = this.#ahead;
    this.isWhole = ahead === NONE || this.#aheadIsLast;
    this.#edgePending = unit > EDGE && ahead > EDGE && isUnspaced(unit) !== isUnspaced(ahead);
    return true;
  }

  #giveEdge(at: number): void {
    this.unit = EDGE;
    this.parts = 1;
    this.units[0] = EDGE;
    this.counts[0] = 1;
    this.start = at;
    this.end = at;
    this.isWhole = true;
  }

  /** Reads the unit before the last one into `#ahead`; `NONE` at the start of the text. */
  #fetch(): void {
    const { classes, unitOf } = this.#alphabet;
    const text = this.#text;
    for (;;) {
      if (this.#left > 0) {
        const isLast = this.#left === this.#units.length;
        this.#left -= 1;
        const unit = this.#units[this.#left] as number;
        if (unit === VOICED || unit === SEMI_VOICED) {
          this.#mark = unit;
          continue;
        }
        this.#give(unit, isLast);
        return;
      }
      if (this.#at === 0) {
        this.#ahead = NONE;
        return;
      }
      const at = this.#at - 1;
      let codePoint = text.charCodeAt(at);
      let found = classes[codePoint] as number;
      this.#charEnd = this.#at;
      if (found >= PLAIN && (codePoint & 0xfc00) !== 0xdc00) {
        this.#at = at;
        this.#charStart = at;
        const unit = unitOf[codePoint] as number;
        if (unit === EDGE && this.#reading.marksAreNothing && this.#isSpaceWithin(codePoint)) continue;
        this.#give(unit, true);
        return;
      }
      let start = at;
      if ((codePoint & 0xfc00) === 0xdc00 && at > 0 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800) {
        start = at - 1;
        codePoint = text.codePointAt(start) as number;
      }
      found = this.#alphabet.classOf(codePoint);
      this.#at = start;
      this.#charStart = start;
      if (found === LEET_CLASS) {
        this.#give(this.#reading.symbolsAreLetters ? codePoint : EDGE, true);
        return;
      }
      if (found === JOINER_CLASS) {
        if (this.#reading.marksAreNothing && this.#ahead > EDGE && this.#unitBefore(start) > EDGE) continue;
        this.#give(EDGE, true);
        return;
      }
      if (found === SURROGATE_CLASS) {
        this.#give(EDGE, true);
        return;
      }
      this.#units = this.#alphabet.fold.units(codePoint);
      if (isSkipped(found) || found === EXPAND_CLASS || found >= PLAIN) this.#left = this.#units.length;
    }
  }

  /** Whether a space just read stands between two characters of a script written without spaces. */
  #isSpaceWithin(codePoint: number): boolean {
    if (!isSpace(codePoint) || this.#ahead <= EDGE || !isUnspaced(this.#ahead)) return false;
    return isUnspaced(this.#unitBefore(this.#at));
  }

  #give(unit: number, isLast: boolean): void {
    this.#ahead = this.#mark === 0 ? unit : (withVoicedMark(unit, this.#mark) ?? unit);
    this.#mark = 0;
    this.#aheadStart = this.#charStart;
    this.#aheadEnd = this.#charEnd;
    this.#aheadIsLast = isLast;
  }

  /** Unit of the last character before `end` that matching does not skip; a symbol that may be a letter is one. */
  #unitBefore(end: number): number {
    const text = this.#text;
    for (let at = end; at > 0; ) {
      let start = at - 1;
      if (
        (text.charCodeAt(start) & 0xfc00) === 0xdc00 &&
        start > 0 &&
        (text.charCodeAt(start - 1) & 0xfc00) === 0xd800
      ) {
        start -= 1;
      }
      const codePoint = text.codePointAt(start) as number;
      const found = this.#alphabet.classOf(codePoint);
      if (found === LEET_CLASS) return this.#reading.symbolsAreLetters ? codePoint : EDGE;
      if (found === JOINER_CLASS || found === SURROGATE_CLASS) return EDGE;
      if (!isSkipped(found)) return this.#alphabet.fold.units(codePoint).at(-1) ?? EDGE;
      at = start;
    }
    return EDGE;
  }
}
