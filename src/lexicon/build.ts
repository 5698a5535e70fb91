import { createHash } from 'node:crypto';
import { CATEGORY_INDEX, type Category, type Severity } from '../core/index.js';
import { Alphabet } from './alphabet.js';
import { Automaton } from './automaton.js';
import type { Condition, LexiconEntry, ParsedList, Phrase } from './entry.js';
import { compilePhrase, type Pattern, type PatternUse, spellOut } from './pattern.js';

/** Says whether a hit of a category and severity changes a text, so that text has to wait for it. */
export type Holds = (category: Category, severity: Severity) => boolean;

/** The built lists: shared by all scanners, and never changed but for remembered look-ups. */
export interface Lexicon {
  /** Hash of every entry; changes whenever a match can change. */
  readonly version: string;
  /** Number of expanded terms. */
  readonly size: number;
  readonly entries: readonly LexiconEntry[];
  readonly patterns: readonly Pattern[];
  readonly automaton: Automaton;
  /** Patterns for words spelled out letter by letter; same index as in `spelled`. */
  readonly spelledPatterns: readonly Pattern[];
  readonly spelled: Automaton;
  readonly alphabet: Alphabet;
  /** Numbers of the phrases of a condition, as `PatternUse` has them. */
  readonly conditionPhrases: ReadonlyMap<Condition, readonly number[]>;
  /** Symbols back to the start of the longest unfinished allow-phrase, per state. */
  readonly allowDepths: Uint16Array;
  /** Symbols back to the start of the longest unfinished term whose hit `holds`, per state of both automata. */
  holdDepths(holds: Holds): { readonly plain: Uint16Array; readonly spelled: Uint16Array };
}

/** Builds the automata. O(total term length). */
export function buildLexicon(lists: readonly ParsedList[]): Lexicon {
  const alphabet = new Alphabet();
  const { fold } = alphabet;
  const patterns: Pattern[] = [];
  const digest = createHash('sha256');
  const add = (phrase: Phrase, use: PatternUse): void => {
    const pattern = compilePhrase(phrase, { use, fold });
    if (pattern !== undefined) patterns.push(pattern);
  };
  const entries = lists.flatMap((list) => list.entries);
  const conditionPhrases = new Map<Condition, readonly number[]>();
  const phrases = new Map<string, { readonly number: number; readonly phrase: Phrase }>();
  const numberOf = (phrase: Phrase): number => {
    const key = `${phrase.openStart ? '*' : ' '}${phrase.text}${phrase.openEnd ? '*' : ' '}`;
    const known = phrases.get(key) ?? { number: phrases.size, phrase };
    phrases.set(key, known);
    return known.number;
  };
  for (const { entries: own, allow } of lists) {
    for (const phrase of allow) add(phrase, { kind: 'allow' });
    for (const entry of own) {
      const { id, severity, terms, exact, within } = entry;
      digest.update(JSON.stringify([id, severity, terms, entry.conditions, exact, String(within.back), within.ahead]));
      for (const term of terms) add(term, { kind: 'deny', entry });
      for (const condition of entry.conditions) conditionPhrases.set(condition, condition.phrases.map(numberOf));
    }
    digest.update(JSON.stringify(allow));
  }
  for (const { number, phrase } of phrases.values()) add(phrase, { kind: 'condition', number });
  const spelledPatterns: Pattern[] = [];
  for (const pattern of patterns) {
    // Weak evidence is not worth the tables: nobody spells out what would not be stopped.
    const { use } = pattern;
    const spelled = use.kind === 'deny' && use.entry.severity > 1 ? spellOut(pattern) : undefined;
    if (spelled !== undefined) spelledPatterns.push(spelled);
  }
  const toSymbols = ({ units }: Pattern): number[] => units.map((unit) => alphabet.symbolFor(unit));
  const automaton = new Automaton(patterns.map(toSymbols));
  const spelled = new Automaton(spelledPatterns.map(toSymbols));
  const repeats =
    (own: readonly Pattern[]) =>
    (index: number): boolean =>
      (own[index]?.runs.at(-1) ?? 1) > 1;
  const holdDepths = new Map<string, { plain: Uint16Array; spelled: Uint16Array }>();
  return {
    version: digest.digest('hex').slice(0, 12),
    size: patterns.filter((pattern) => pattern.use.kind === 'deny').length,
    entries,
    patterns,
    automaton,
    spelledPatterns,
    spelled,
    alphabet,
    conditionPhrases,
    allowDepths: automaton.openDepths((index) => patterns[index]?.use.kind === 'allow', repeats(patterns)),
    holdDepths(holds) {
      const holding =
        (own: readonly Pattern[]) =>
        (index: number): boolean => {
          const use = own[index]?.use;
          return use?.kind === 'deny' && holds(use.entry.category, use.entry.severity);
        };
      const key = keyOf(holds);
      let depths = holdDepths.get(key);
      if (depths === undefined) {
        depths = {
          plain: automaton.openDepths(holding(patterns), repeats(patterns)),
          spelled: spelled.openDepths(holding(spelledPatterns), () => false),
        };
        holdDepths.set(key, depths);
      }
      return depths;
    },
  };
}

function keyOf(holds: Holds): string {
  let key = '';
  for (const category of Object.keys(CATEGORY_INDEX) as Category[]) {
    for (const severity of [1, 2, 3, 4] as const) key += holds(category, severity) ? '1' : '0';
  }
  return key;
}
