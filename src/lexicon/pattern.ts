import {
  coarseUnit,
  type Fold,
  isUnspaced,
  LEET_SYMBOLS,
  SEMI_VOICED_MARK,
  SEPARATOR,
  VOICED_MARK,
  withVoicedMark,
} from '../text/index.js';
import type { LexiconEntry, Phrase } from './entry.js';

// Re-exported bindings are read through an accessor; these are read for every character of every list.
const [EDGE, VOICED, SEMI_VOICED, SYMBOLS, unspaced, coarseOf] = [
  SEPARATOR,
  VOICED_MARK,
  SEMI_VOICED_MARK,
  LEET_SYMBOLS,
  isUnspaced,
  coarseUnit,
];

/** What a match of a pattern means. */
export type PatternUse =
  | { readonly kind: 'deny'; readonly entry: LexiconEntry }
  | { readonly kind: 'allow' }
  /** Number of the phrase; conditions that name the same phrase share it. */
  | { readonly kind: 'condition'; readonly number: number };

/** A phrase as it is compared with text: runs of folded units. */
export interface Pattern {
  readonly phrase: Phrase;
  /** Units with repetitions taken together; `SEPARATOR` between words, and at an edge that must be a word edge. */
  readonly units: readonly number[];
  /** Number of repetitions of each unit. */
  readonly runs: readonly number[];
  /** Index in `units` of the first unit of each symbol: neighbors that share a reading are one symbol. */
  readonly symbols: readonly number[];
  /** Letters that the last symbol wants. */
  readonly lastRun: number;
  readonly leads: boolean;
  readonly trails: boolean;
  /** Whether the phrase is so short, in a script without spaces, that its hits must not join halves of two words. */
  readonly needsWordCheck: boolean;
  readonly use: PatternUse;
}

const MAX_WORD_CHECKED_UNITS = 3;
const MIN_SPELLED_LETTERS = 3;
/** Nobody spells out a longer phrase, and no reader would follow. */
const MAX_SPELLED_LETTERS = 12;

/** The pattern of a phrase; `undefined` when nothing of it is a letter. */
export function compilePhrase(phrase: Phrase, { use, fold }: { use: PatternUse; fold: Fold }): Pattern | undefined {
  const units: number[] = [];
  const runs: number[] = [];
  const push = (unit: number): void => {
    const previous = units.at(-1);
    if (unit === VOICED || unit === SEMI_VOICED) {
      const voiced = previous === undefined ? undefined : withVoicedMark(previous, unit);
      if (voiced !== undefined) units[units.length - 1] = voiced;
      return;
    }
    if (previous !== undefined && unit !== EDGE && previous !== EDGE && unspaced(unit) !== unspaced(previous)) {
      units.push(EDGE);
      runs.push(1);
    }
    if (units.at(-1) === unit) {
      if (unit !== EDGE) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
      return;
    }
    units.push(unit);
    runs.push(1);
  };
  // A term means its own letters: a capital I in it is an i.
  const chars = [...phrase.text.toLowerCase()];
  chars.forEach((char, index) => {
    const codePoint = char.codePointAt(0) ?? 0;
    const isLetterHere = SYMBOLS.has(codePoint) && isWordChar(chars[index - 1]) && isWordChar(chars[index + 1]);
    for (const unit of isLetterHere ? [codePoint] : fold.units(codePoint)) push(unit);
  });
  while (units[0] === EDGE) {
    units.shift();
    runs.shift();
  }
  while (units.at(-1) === EDGE) {
    units.pop();
    runs.pop();
  }
  const first = units[0];
  const last = units.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const leads = !unspaced(first) && !phrase.openStart;
  const trails = !unspaced(last) && !phrase.openEnd;
  return {
    phrase,
    ...groupUnits(
      [...(leads ? [EDGE] : []), ...units, ...(trails ? [EDGE] : [])],
      [...(leads ? [1] : []), ...runs, ...(trails ? [1] : [])],
    ),
    leads,
    trails,
    needsWordCheck: units.length <= MAX_WORD_CHECKED_UNITS && units.every(unspaced),
    use,
  };
}

/** Units with their runs, and where among them each symbol begins. */
function groupUnits(
  units: readonly number[],
  runs: readonly number[],
): Pick<Pattern, 'units' | 'runs' | 'symbols' | 'lastRun'> {
  const symbols: number[] = [];
  let lastRun = 0;
  units.forEach((unit, index) => {
    const isSame = index > 0 && coarseOf(unit) === coarseOf(units[index - 1] ?? EDGE);
    if (!isSame) symbols.push(index);
    lastRun = (runs[index] ?? 1) + (isSame ? lastRun : 0);
  });
  return { units, runs, symbols, lastRun };
}

function isWordChar(char: string | undefined): boolean {
  return char !== undefined && /^[\p{L}\p{N}]$/u.test(char);
}

/**
 * The pattern of a term spelled out letter by letter; `undefined` for what is too short or too long, and for terms in a
 * script written without spaces, whose characters the scanner reads together anyway.
 */
export function spellOut(pattern: Pattern): Pattern | undefined {
  const units: number[] = [];
  pattern.units.forEach((unit, index) => {
    // Spelled out, a double letter is two letters: "k i l l".
    if (unit !== EDGE) for (let i = 0; i < (pattern.runs[index] ?? 1); i += 1) units.push(unit);
  });
  if (units.length < MIN_SPELLED_LETTERS || units.every(unspaced)) return undefined;
  if ((pattern.phrase.text.match(/\p{L}/gu) ?? []).length > MAX_SPELLED_LETTERS) return undefined;
  const letters = { runs: units.map(() => 1), symbols: units.map((_, index) => index), lastRun: 1 };
  return { ...pattern, ...letters, units, leads: false, trails: false };
}

/** Whether two patterns match the very same texts. */
export function matchesLike(left: Pattern | undefined, right: Pattern): boolean {
  if (left === undefined || mustBeWritten(left) !== mustBeWritten(right)) return false;
  const [one, other] = [left.phrase, right.phrase];
  return one.text === other.text && one.openStart === other.openStart && one.openEnd === other.openEnd;
}

/** Whether a match counts only as it is written. */
export function mustBeWritten({ use }: Pattern): boolean {
  return use.kind === 'deny' && use.entry.exact;
}

/** Whether a match, which is `text`, is written as its term is. */
export function isWritten({ phrase }: Pattern, text: string): boolean {
  return plainly(text) === plainly(phrase.text);
}

function plainly(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/\s+/gu, ' ');
}
