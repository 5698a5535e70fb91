import { createHash } from 'node:crypto';
import { coarseUnit, createFold, IGNORABLE, isUnspaced, LEET_SYMBOLS, SEPARATOR } from '../text/index.js';
import { Automaton } from './automaton.js';
import type { Condition, LexiconEntry, ParsedList, Phrase } from './entry.js';

/** A phrase as the scanner compares it: runs of folded units. */
export interface Pattern {
  readonly units: readonly number[];
  /** Least number of repetitions of each unit. */
  readonly runs: readonly number[];
  readonly leads: boolean;
  readonly trails: boolean;
  readonly use:
    | { readonly kind: 'deny'; readonly entry: LexiconEntry }
    | { readonly kind: 'allow' }
    | { readonly kind: 'condition'; readonly condition: Condition };
}

/** The built lists: immutable, shared by all scanners. */
export interface Lexicon {
  /** Hash of every entry; changes whenever a match can change. */
  readonly version: string;
  /** Number of expanded terms. */
  readonly size: number;
  readonly patterns: readonly Pattern[];
  readonly automaton: Automaton;
  /** Patterns without separators, for words spelled out letter by letter; same index as `spelledPatterns`. */
  readonly spelled: Automaton;
  readonly spelledPatterns: readonly Pattern[];
  readonly fold: (codePoint: number) => number;
  /** Symbol of a folded unit for the automata; 0 when no pattern uses it. */
  readonly symbolOf: (unit: number) => number;
}

const MIN_SPELLED_LETTERS = 3;

/** Builds the automata. O(total term length). */
export function buildLexicon(lists: readonly ParsedList[]): Lexicon {
  const fold = createFold();
  const symbols = new Map<number, number>([[SEPARATOR, 1]]);
  const patterns: Pattern[] = [];
  const digest = createHash('sha256');
  const add = (phrase: Phrase, use: Pattern['use']): void => {
    const pattern = compile({ phrase, use, fold });
    if (pattern !== undefined) patterns.push(pattern);
  };
  const conditions = new Set<Condition>();
  for (const { entries, allow } of lists) {
    for (const phrase of allow) add(phrase, { kind: 'allow' });
    for (const entry of entries) {
      digest.update(
        JSON.stringify([
          entry.id,
          entry.severity,
          entry.terms,
          entry.conditions,
          String(entry.within.back),
          entry.within.ahead,
        ]),
      );
      for (const term of entry.terms) add(term, { kind: 'deny', entry });
      for (const condition of entry.conditions) conditions.add(condition);
    }
    digest.update(JSON.stringify(allow));
  }
  for (const condition of conditions)
    for (const phrase of condition.phrases) add(phrase, { kind: 'condition', condition });
  const symbolFor = (unit: number): number => {
    const coarse = coarseUnit(unit);
    let symbol = symbols.get(coarse);
    if (symbol === undefined) {
      symbol = symbols.size + 1;
      symbols.set(coarse, symbol);
    }
    return symbol;
  };
  const sequences = patterns.map((pattern) => pattern.units.map(symbolFor));
  const spelledPatterns: Pattern[] = [];
  for (const pattern of patterns) {
    const spelled = pattern.use.kind === 'deny' ? spellOut(pattern) : undefined;
    if (spelled !== undefined) spelledPatterns.push(spelled);
  }
  const spelledSequences = spelledPatterns.map((pattern) => pattern.units.map(symbolFor));
  // One array read per character on the hot path; only letters beyond the basic plane need the map.
  const basic = Uint16Array.from({ length: 0x10000 }, (_, unit) => symbols.get(coarseUnit(unit)) ?? 0);
  return {
    version: digest.digest('hex').slice(0, 12),
    size: patterns.filter((pattern) => pattern.use.kind === 'deny').length,
    patterns,
    automaton: new Automaton(sequences),
    spelled: new Automaton(spelledSequences),
    spelledPatterns,
    fold,
    symbolOf: (unit) => (unit < 0x10000 ? (basic[unit] ?? 0) : (symbols.get(coarseUnit(unit)) ?? 0)),
  };
}

function compile({
  phrase,
  use,
  fold,
}: {
  phrase: Phrase;
  use: Pattern['use'];
  fold: Lexicon['fold'];
}): Pattern | undefined {
  const units: number[] = [];
  const runs: number[] = [];
  const chars = [...phrase.text];
  chars.forEach((char, index) => {
    const codePoint = char.codePointAt(0) ?? 0;
    let unit = fold(codePoint);
    if (
      LEET_SYMBOLS.has(codePoint) &&
      /[\p{L}\p{N}]/u.test(chars[index - 1] ?? '') &&
      /[\p{L}\p{N}]/u.test(chars[index + 1] ?? '')
    )
      unit = codePoint;
    if (unit === IGNORABLE) return;
    const previous = units.at(-1);
    if (
      unit !== SEPARATOR &&
      previous !== undefined &&
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
    units: [...(leads ? [SEPARATOR] : []), ...units, ...(trails ? [SEPARATOR] : [])],
    runs: [...(leads ? [1] : []), ...runs, ...(trails ? [1] : [])],
    leads,
    trails,
    use,
  };
}

function spellOut(pattern: Pattern): Pattern | undefined {
  const units: number[] = [];
  pattern.units.forEach((unit, index) => {
    // Spelled out, a double letter is two letters: "k i l l".
    if (unit !== SEPARATOR) for (let i = 0; i < (pattern.runs[index] ?? 1); i += 1) units.push(unit);
  });
  if (units.length < MIN_SPELLED_LETTERS || units.some(isUnspaced)) return undefined;
  return { units, runs: units.map(() => 1), leads: false, trails: false, use: pattern.use };
}
