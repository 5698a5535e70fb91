import { isDigit, isUnspaced, reads, SEPARATOR } from '../text/index.js';
import type { Pattern } from './pattern.js';

/** Letters that a stretched word may double at its end without looking like another word. */
const ENDINGS = new Set([...'bcdgmnprtz'].map((char) => char.charCodeAt(0)));
/** Letters that words double; a doubled letter other than these is stretched. */
const DOUBLES = new Set([...'bcdefglmnoprstz'].map((char) => char.charCodeAt(0)));
/** Letters of a word from which on a doubled last letter is no other word's ending, with the separators around it. */
const MIN_DOUBLED_UNITS = 6;

/** Letters of one symbol in a text, from the last to the first, equal neighbors taken together. */
export interface SymbolRun {
  readonly units: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  /** Number of entries; a run with more than the arrays hold matches nothing. */
  readonly parts: number;
}

/**
 * Judges the symbols of one match: whether its letters can be read as those of the term, and whether the match as a
 * whole is no chance product of digits or of doubled letters. Fed from the last symbol to the first.
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

  /**
   * Takes the letters that stand for units `[first, last]` of the pattern, all of one symbol; `false` when they cannot.
   * Each letter goes to the first unit that still wants one and that it can be read as; what is left over stretches.
   */
  take(first: number, last: number, run: SymbolRun): boolean {
    const pattern = this.#pattern;
    if (pattern === undefined || run.parts > run.units.length) return false;
    const { units, runs } = pattern;
    if (units[first] === SEPARATOR) return run.units[0] === SEPARATOR;
    let index = first;
    let wanted = units[index] as number;
    let missing = runs[index] as number;
    let extra = 0;
    for (let part = run.parts - 1; part >= 0; part -= 1) {
      const unit = run.units[part] as number;
      let left = run.counts[part] as number;
      const isForeignDigit = isDigit(unit) && !isDigit(wanted);
      while (left > 0) {
        const isReadable = unit === wanted || reads(unit, wanted);
        if (isReadable && missing > 0) {
          const taken = Math.min(left, missing);
          left -= taken;
          missing -= taken;
          if (isForeignDigit) this.#digits += taken;
          else this.#letters += taken;
          continue;
        }
        const next = index < last ? (units[index + 1] as number) : undefined;
        if (missing === 0 && next !== undefined && (!isReadable || unit === next || reads(unit, next))) {
          if (!this.#closeUnit(index, extra)) return false;
          index += 1;
          wanted = next;
          missing = runs[index] as number;
          extra = 0;
          continue;
        }
        if (!isReadable) return false;
        extra += left;
        left = 0;
      }
    }
    return missing === 0 && index === last && this.#closeUnit(index, extra);
  }

  /** Judges what stands beyond the letters that a unit wants. */
  #closeUnit(index: number, extra: number): boolean {
    if (extra === 0) return true;
    const pattern = this.#pattern as Pattern;
    const wanted = pattern.units[index] as number;
    if (isDigit(wanted)) return false;
    // A match may begin with any of several equal characters.
    if (isUnspaced(wanted)) return extra > 1 || (index === 0 && !pattern.leads);
    if (extra > 1 || (wanted < 0x80 && !DOUBLES.has(wanted)) || pattern.runs[index] !== 1) {
      this.#stretched = true;
      return true;
    }
    const isWordEnd = pattern.trails && index === pattern.units.length - 2 && pattern.units.length >= MIN_DOUBLED_UNITS;
    if (!isWordEnd || !ENDINGS.has(wanted)) this.#doubtful = true;
    return true;
  }

  /** Whether the match counts, once every symbol was taken. */
  accepts(): boolean {
    if (this.#doubtful && !this.#stretched) return false;
    return this.#digits <= this.#letters || (this.#letters >= 2 && this.#digits + this.#letters >= 5);
  }
}
