import {
  isUnspaced,
  JOINERS,
  LEET_SYMBOLS,
  SEMI_VOICED_MARK,
  SEPARATOR,
  VOICED_MARK,
  withVoicedMark,
} from '../text/index.js';
import type { Alphabet } from './alphabet.js';
import { type Pattern, RunJudge } from './pattern.js';

/** How symbols with two readings are taken: `apart` as separators, `joined` as letters or as nothing. */
export type Reading = 'apart' | 'joined';

const LEET_UNITS: ReadonlyMap<number, readonly number[]> = new Map([...LEET_SYMBOLS].map((unit) => [unit, [unit]]));
const SEPARATORS: readonly number[] = [SEPARATOR];
const NOTHING: readonly number[] = [];

/** A text read from its end. */
export interface BackText {
  readonly text: string;
  readonly alphabet: Alphabet;
  readonly reading: Reading;
}

/** Start of the code point that ends before `end`. */
function pointStart(text: string, end: number): number {
  const low = text.charCodeAt(end - 1);
  if (low < 0xdc00 || low > 0xdfff || end < 2) return end - 1;
  const high = text.charCodeAt(end - 2);
  return high >= 0xd800 && high <= 0xdbff ? end - 2 : end - 1;
}

/** Units of the code point at `[start, end)`, given whether the symbol behind it is a letter. */
function unitsAt({ text, alphabet, reading }: BackText, start: number, beforeLetter: boolean): readonly number[] {
  const codePoint = text.codePointAt(start) ?? 0;
  if (LEET_SYMBOLS.has(codePoint)) return reading === 'joined' ? (LEET_UNITS.get(codePoint) ?? SEPARATORS) : SEPARATORS;
  if (JOINERS.has(codePoint)) {
    return reading === 'joined' && beforeLetter && followsLetter(text, start, alphabet) ? NOTHING : SEPARATORS;
  }
  return alphabet.fold.units(codePoint);
}

/** Whether the last character before `end` that matching does not skip is a letter, or a symbol read as one. */
function followsLetter(text: string, end: number, alphabet: Alphabet): boolean {
  for (let at = end; at > 0; ) {
    const start = pointStart(text, at);
    const codePoint = text.codePointAt(start) ?? 0;
    if (LEET_SYMBOLS.has(codePoint)) return true;
    if (JOINERS.has(codePoint)) return false;
    const unit = alphabet.fold.units(codePoint).at(-1);
    if (unit !== undefined) return unit !== SEPARATOR;
    at = start;
  }
  return false;
}

/** Reads runs backwards, from `end`; calls `onRun` with each complete one until that returns `false`. */
function readRunsBack(
  source: BackText,
  end: number,
  onRun: (run: { unit: number; run: number; start: number; end: number; isWhole: boolean }) => boolean,
): void {
  const { text } = source;
  let unit = -1;
  let run = 0;
  let runStart = end;
  let runEnd = end;
  let mark = 0;
  let isWhole = true;
  for (let at = end; at > 0; ) {
    const start = pointStart(text, at);
    const units = unitsAt(source, start, unit > SEPARATOR);
    for (let index = units.length - 1; index >= 0; index -= 1) {
      let current = units[index] ?? SEPARATOR;
      if (current === VOICED_MARK || current === SEMI_VOICED_MARK) {
        mark = current;
        continue;
      }
      if (mark !== 0) current = withVoicedMark(current, mark) ?? current;
      mark = 0;
      if (current === unit) {
        run += 1;
        runStart = start;
        continue;
      }
      // A run that begins inside a character is no place for a match to begin.
      if (unit >= 0 && !onRun({ unit, run, start: runStart, end: runEnd, isWhole: index === units.length - 1 })) return;
      if (unit > SEPARATOR && current > SEPARATOR && isUnspaced(unit) !== isUnspaced(current)) {
        if (!onRun({ unit: SEPARATOR, run: 1, start: at, end: at, isWhole })) return;
      }
      unit = current;
      run = 1;
      runStart = start;
      runEnd = at;
      isWhole = true;
    }
    at = start;
  }
  if (unit >= 0 && !onRun({ unit, run, start: runStart, end: runEnd, isWhole })) return;
  // The start of a text separates.
  if (unit !== SEPARATOR) onRun({ unit: SEPARATOR, run: 1, start: 0, end: 0, isWhole: true });
}

/**
 * Span of the match of `pattern` whose last symbol was read when `[0, position)` had been read, or `undefined` when the
 * text there does not read so. The span covers whole runs and, before a word edge, what matching skips behind its last letter.
 * O(length of the match).
 */
export function matchBack(
  source: BackText,
  position: number,
  pattern: Pattern,
): { start: number; end: number } | undefined {
  const judge = new RunJudge();
  const last = pattern.units.length - (pattern.trails ? 2 : 1);
  const first = pattern.leads ? 1 : 0;
  let index = last;
  let end = position;
  let start = -1;
  let accepted = false;
  let isEdge = pattern.trails;
  readRunsBack(source, position, ({ unit, run, start: runStart, isWhole }) => {
    if (isEdge) {
      isEdge = false;
      if (unit === SEPARATOR) {
        end = runStart;
        return true;
      }
    }
    if (index < first) {
      accepted = unit === SEPARATOR;
      return false;
    }
    if (!judge.take(pattern, index, { unit, run })) return false;
    index -= 1;
    start = runStart;
    if (index >= first || pattern.leads) return true;
    accepted = isWhole;
    return false;
  });
  return accepted && judge.accepts() ? { start, end } : undefined;
}

/** Offset of the symbol that stands `symbols` back from `position`; a word edge counts as the letter behind it. O(distance). */
export function symbolStart(source: BackText, position: number, symbols: number): number {
  let left = symbols;
  let found = position;
  readRunsBack(source, position, ({ unit, start }) => {
    left -= 1;
    if (left > 0 || unit !== SEPARATOR) found = start;
    return left > 0;
  });
  return found;
}
