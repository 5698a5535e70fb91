import {
  type Fold,
  isDigit,
  isUnspaced,
  LEET_SYMBOLS,
  reads,
  SEMI_VOICED_MARK,
  SEPARATOR,
  VOICED_MARK,
  withVoicedMark,
} from '../text/index.js';
import type { Condition, LexiconEntry, Phrase } from './entry.js';

/** What a match of a pattern means. */
export type PatternUse =
  | { readonly kind: 'deny'; readonly entry: LexiconEntry }
  | { readonly kind: 'allow' }
  | { readonly kind: 'condition'; readonly condition: Condition };

/** A phrase as it is compared with text: runs of folded units. */
export interface Pattern {
  readonly phrase: Phrase;
  /** Units with repetitions taken together; `SEPARATOR` between words, and at an edge that must be a word edge. */
  readonly units: readonly number[];
  /** Number of repetitions of each unit. */
  readonly runs: readonly number[];
  readonly leads: boolean;
  readonly trails: boolean;
  /** Whether the phrase is so short, in a script without spaces, that its hits must not join halves of two words. */
  readonly needsWordCheck: boolean;
  readonly use: PatternUse;
}

const MAX_WORD_CHECKED_UNITS = 3;
const MIN_SPELLED_LETTERS = 3;
const MIN_SPELLED_CHARACTERS = 2;
/** Letters that a stretched word may double at its end without looking like another word. */
const ENDINGS = new Set([...'bcdgmnprtz'].map((char) => char.charCodeAt(0)));
/** Letters that words double; a doubled letter other than these is stretched. */
const DOUBLES = new Set([...'bcdefglmnoprstz'].map((char) => char.charCodeAt(0)));

/** The pattern of a phrase; `undefined` when nothing of it is a letter. */
export function compilePhrase(phrase: Phrase, { use, fold }: { use: PatternUse; fold: Fold }): Pattern | undefined {
  const units: number[] = [];
  const runs: number[] = [];
  const push = (unit: number): void => {
    const previous = units.at(-1);
    if (unit === VOICED_MARK || unit === SEMI_VOICED_MARK) {
      const voiced = previous === undefined ? undefined : withVoicedMark(previous, unit);
      if (voiced !== undefined) units[units.length - 1] = voiced;
      return;
    }
    if (
      previous !== undefined &&
      unit !== SEPARATOR &&
      previous !== SEPARATOR &&
      isUnspaced(unit) !== isUnspaced(previous)
    ) {
      units.push(SEPARATOR);
      runs.push(1);
    }
    if (units.at(-1) === unit) {
      if (unit !== SEPARATOR) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
      return;
    }
    units.push(unit);
    runs.push(1);
  };
  // A term means its own letters: a capital I in it is an i.
  const chars = [...phrase.text.toLowerCase()];
  chars.forEach((char, index) => {
    const codePoint = char.codePointAt(0) ?? 0;
    const isLetterHere = LEET_SYMBOLS.has(codePoint) && isWordChar(chars[index - 1]) && isWordChar(chars[index + 1]);
    for (const unit of isLetterHere ? [codePoint] : fold.units(codePoint)) push(unit);
  });
  while (units[0] === SEPARATOR) {
    units.shift();
    runs.shift();
  }
  while (units.at(-1) === SEPARATOR) {
    units.pop();
    runs.pop();
  }
  const first = units[0];
  const last = units.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const leads = !isUnspaced(first) && !phrase.openStart;
  const trails = !isUnspaced(last) && !phrase.openEnd;
  return {
    phrase,
    units: [...(leads ? [SEPARATOR] : []), ...units, ...(trails ? [SEPARATOR] : [])],
    runs: [...(leads ? [1] : []), ...runs, ...(trails ? [1] : [])],
    leads,
    trails,
    needsWordCheck: units.length <= MAX_WORD_CHECKED_UNITS && units.every(isUnspaced),
    use,
  };
}

function isWordChar(char: string | undefined): boolean {
  return char !== undefined && /^[\p{L}\p{N}]$/u.test(char);
}

/** The pattern of a word spelled out letter by letter; `undefined` for what is too short or of two scripts. */
export function spellOut(pattern: Pattern): Pattern | undefined {
  const units: number[] = [];
  pattern.units.forEach((unit, index) => {
    // Spelled out, a double letter is two letters: "k i l l".
    if (unit !== SEPARATOR) for (let i = 0; i < (pattern.runs[index] ?? 1); i += 1) units.push(unit);
  });
  const unspaced = units.filter(isUnspaced).length;
  if (unspaced !== 0 && unspaced !== units.length) return undefined;
  if (units.length < (unspaced > 0 ? MIN_SPELLED_CHARACTERS : MIN_SPELLED_LETTERS)) return undefined;
  return { ...pattern, units, runs: units.map(() => 1), leads: false, trails: false };
}

/**
 * Judges the runs of one match: whether each can be read as its unit, and whether the match as a whole is no chance
 * product of digits or of doubled letters. Fed from the last run to the first.
 */
export class RunJudge {
  #letters = 0;
  #digits = 0;
  #stretched = false;
  /** A letter is doubled that words double too ("rapping"): counts only beside proof of stretching. */
  #doubtful = false;

  /** Takes the run that stands for `pattern.units[index]`; `false` when it cannot. */
  take(pattern: Pattern, index: number, { unit, run }: { unit: number; run: number }): boolean {
    const wanted = pattern.units[index] ?? SEPARATOR;
    if (wanted === SEPARATOR) return unit === SEPARATOR;
    const times = pattern.runs[index] ?? 1;
    if (!reads(unit, wanted) || run < times) return false;
    if (isDigit(wanted)) return run === times;
    if (isDigit(unit)) this.#digits += run;
    else this.#letters += times;
    if (run === times || isUnspaced(unit) || isDigit(unit)) return true;
    if (run > 2 || !DOUBLES.has(wanted)) this.#stretched ||= run > 2 || wanted < 0x80;
    if (run === 2 && (DOUBLES.has(wanted) || wanted >= 0x80)) {
      const isWordEnd = pattern.trails && index === pattern.units.length - 2 && pattern.units.length > 5;
      if (!isWordEnd || !ENDINGS.has(wanted)) this.#doubtful = true;
    }
    return true;
  }

  /** Whether the match counts, once every run was taken. */
  accepts(): boolean {
    if (this.#doubtful && !this.#stretched) return false;
    return this.#digits <= this.#letters || (this.#letters >= 2 && this.#digits + this.#letters >= 5);
  }
}
