import { isDigit, isUnspaced, reads, SEPARATOR } from '../text/index.js';
import type { Pattern } from './pattern.js';

/** Letters that a stretched word may double at its end without looking like another word. */
const ENDINGS = new Set([...'bcdgmnprtz'].map((char) => char.charCodeAt(0)));
/** Letters that words double; a doubled letter other than these is stretched. */
const DOUBLES = new Set([...'bcdefglmnoprstz'].map((char) => char.charCodeAt(0)));
/** Letters of a word from which on a doubled last letter is no other word's ending, with the separators around it. */
const MIN_DOUBLED_UNITS = 6;

/**
 * Judges the runs of one match: whether each can be read as its unit, and whether the match as a whole is no chance
 * product of digits or of doubled letters. Fed from the last run to the first.
 */
export class RunJudge {
  #pattern: Pattern | undefined;
  #letters = 0;
  #digits = 0;
  #stretched = false;
  /** A letter is doubled that words double too ("rapping"): counts only beside proof of stretching. */
  #doubtful = false;

  /** Starts anew for a pattern. */
  reset(pattern: Pattern): void {
    this.#pattern = pattern;
    this.#letters = 0;
    this.#digits = 0;
    this.#stretched = false;
    this.#doubtful = false;
  }

  /** Takes the run that stands for unit `index` of the pattern; `false` when it cannot. */
  take(index: number, unit: number, run: number): boolean {
    const pattern = this.#pattern;
    if (pattern === undefined) return false;
    const wanted = pattern.units[index] ?? SEPARATOR;
    if (wanted === SEPARATOR) return unit === SEPARATOR;
    const times = pattern.runs[index] ?? 1;
    if ((unit !== wanted && !reads(unit, wanted)) || run < times) return false;
    if (isDigit(wanted)) return run === times;
    if (isDigit(unit)) this.#digits += run;
    else this.#letters += times;
    if (run === times || isUnspaced(unit) || isDigit(unit)) return true;
    if (run > 2 || (wanted < 0x80 && !DOUBLES.has(wanted))) {
      this.#stretched = true;
      return true;
    }
    const isWordEnd = pattern.trails && index === pattern.units.length - 2 && pattern.units.length >= MIN_DOUBLED_UNITS;
    if (!isWordEnd || !ENDINGS.has(wanted)) this.#doubtful = true;
    return true;
  }

  /** Whether the match counts, once every run was taken. */
  accepts(): boolean {
    if (this.#doubtful && !this.#stretched) return false;
    return this.#digits <= this.#letters || (this.#letters >= 2 && this.#digits + this.#letters >= 5);
  }
}
