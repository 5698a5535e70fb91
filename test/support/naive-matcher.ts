import type { Span } from '../../src/core/index.js';
import type { ParsedList } from '../../src/lexicon/index.js';
import { compilePhrase, type Pattern } from '../../src/lexicon/pattern.js';
import { APART, JOINED, LETTERED, type Reading, UNMARKED } from '../../src/lexicon/reading.js';
import { RunJudge } from '../../src/lexicon/run-judge.js';
import {
  coarseUnit,
  Fold,
  isSpace,
  isUnspaced,
  JOINERS,
  LEET_SYMBOLS,
  SEPARATOR,
  VOICED_MARK,
  withVoicedMark,
} from '../../src/text/index.js';

interface Run {
  /** Letters of one symbol, in order. */
  units: number[];
  start: number;
  /** End of each letter. */
  ends: number[];
  /** Whether the run begins and ends with whole characters. */
  wholeStart: boolean;
  wholeEnds: boolean[];
}

const fold = new Fold();

/** Units of every character, read forwards; marks that join are left out in the reading that joins. */
function charsOf(text: string, reading: Reading): { units: readonly number[]; start: number; end: number }[] {
  let end = 0;
  const chars = [...text].map((char) => {
    const start = end;
    end += char.length;
    return { char: char.codePointAt(0) ?? 0, start, end };
  });
  const isSkipped = (char: number): boolean => {
    const units = fold.units(char);
    return !LEET_SYMBOLS.has(char) && !JOINERS.has(char) && (units.length === 0 || units[0] === VOICED_MARK);
  };
  const unitBeside = (at: { char: number } | undefined, side: 'first' | 'last'): number => {
    if (at === undefined || JOINERS.has(at.char)) return SEPARATOR;
    if (LEET_SYMBOLS.has(at.char)) return reading.symbolsAreLetters ? at.char : SEPARATOR;
    return fold.units(at.char).at(side === 'first' ? 0 : -1) ?? SEPARATOR;
  };
  return chars.map(({ char, start, end }, index) => {
    if (LEET_SYMBOLS.has(char)) return { units: [reading.symbolsAreLetters ? char : SEPARATOR], start, end };
    if (!JOINERS.has(char) && !isSpace(char)) return { units: fold.units(char), start, end };
    const before = chars.slice(0, index).findLast((other) => !isSkipped(other.char));
    const after = chars.slice(index + 1).find((other) => !isSkipped(other.char));
    const [left, right] = [unitBeside(before, 'last'), unitBeside(after, 'first')];
    // Between two scripts there is a word edge with or without the mark.
    const isWithin = left !== SEPARATOR && right !== SEPARATOR && isUnspaced(left) === isUnspaced(right);
    const joins = reading.marksAreNothing && isWithin && (JOINERS.has(char) || isUnspaced(left));
    return { units: joins ? [] : [SEPARATOR], start, end };
  });
}

function runsOf(text: string, reading: Reading): Run[] {
  const edge = (at: number): Run => ({
    units: [SEPARATOR],
    start: at,
    ends: [at],
    wholeStart: true,
    wholeEnds: [true],
  });
  const runs = [edge(0)];
  for (const { units, start, end } of charsOf(text, reading)) {
    units.forEach((unit, index) => {
      const last = runs.at(-1) as Run;
      const lastUnit = last.units.at(-1) as number;
      if (unit === VOICED_MARK) {
        const voiced = withVoicedMark(lastUnit, unit);
        if (voiced !== undefined) last.units[last.units.length - 1] = voiced;
        return;
      }
      if (coarseUnit(unit) === coarseUnit(lastUnit)) {
        last.units.push(unit);
        last.ends.push(end);
        last.wholeEnds.push(index === units.length - 1);
        return;
      }
      if (unit !== SEPARATOR && lastUnit !== SEPARATOR && isUnspaced(unit) !== isUnspaced(lastUnit))
        runs.push(edge(start));
      runs.push({
        units: [unit],
        start,
        ends: [end],
        wholeStart: index === 0,
        wholeEnds: [index === units.length - 1],
      });
    });
  }
  if (runs.at(-1)?.units[0] !== SEPARATOR) runs.push(edge(text.length));
  return runs;
}

/** Letters from the last to the first, equal neighbors taken together. */
function partsOf(letters: readonly number[]): { units: number[]; counts: number[]; parts: number } {
  const units: number[] = [];
  const counts: number[] = [];
  for (const unit of [...letters].reverse()) {
    if (units.at(-1) === unit) counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1;
    else {
      units.push(unit);
      counts.push(1);
    }
  }
  return { units, counts, parts: units.length };
}

function spanAt(pattern: Pattern, runs: readonly Run[], at: number, text: string): Span | undefined {
  const judge = new RunJudge();
  judge.reset(pattern);
  const size = pattern.symbols.length;
  if (at + size > runs.length) return undefined;
  for (let symbol = size - 1; symbol >= 0; symbol -= 1) {
    const run = runs[at + symbol] as Run;
    const isOpenLast = symbol === size - 1 && !pattern.trails;
    if (isOpenLast && run.units.length < pattern.lastRun) return undefined;
    const letters = isOpenLast ? run.units.slice(0, pattern.lastRun) : run.units;
    const lastUnit = (pattern.symbols[symbol + 1] ?? pattern.units.length) - 1;
    if (!judge.take(pattern.symbols[symbol] as number, lastUnit, partsOf(letters))) return undefined;
  }
  const first = runs[at + (pattern.leads ? 1 : 0)] as Run;
  const last = runs[at + size - 1] as Run;
  const times = pattern.lastRun;
  if (!judge.accepts() || !first.wholeStart || (!pattern.trails && last.wholeEnds[times - 1] === false))
    return undefined;
  let end = pattern.trails ? last.start : (last.ends[times - 1] ?? 0);
  if (pattern.trails) return { start: first.start, end };
  for (const char of text.slice(end)) {
    const code = char.codePointAt(0) ?? 0;
    const units = fold.units(code);
    if (LEET_SYMBOLS.has(code) || JOINERS.has(code) || !(units.length === 0 || units[0] === VOICED_MARK)) break;
    end += char.length;
  }
  return { start: first.start, end };
}

/** Every match of the terms of a list, found by trying each term at each place in both readings. Knows no conditions. */
export function matchNaively(list: ParsedList, text: string): { id: string; start: number; end: number }[] {
  const found = new Map<string, { id: string; start: number; end: number }>();
  for (const reading of [APART, LETTERED, UNMARKED, JOINED]) {
    const runs = runsOf(text, reading);
    for (const entry of list.entries) {
      for (const phrase of entry.terms) {
        const pattern = compilePhrase(phrase, { use: { kind: 'deny', entry }, fold });
        for (let at = 0; pattern !== undefined && at < runs.length; at += 1) {
          const span = spanAt(pattern, runs, at, text);
          if (span !== undefined) found.set(JSON.stringify([entry.id, span]), { id: entry.id, ...span });
        }
      }
    }
  }
  return [...found.values()];
}
