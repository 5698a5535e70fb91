import { CATEGORIES, type Category, type Severity } from '../core/index.js';
import type { Lexicon } from './build.js';
import type { LexiconEntry, ListPlace } from './entry.js';

/** Counts of the entries of one language, category and severity. */
export interface LexiconCount {
  readonly language: string;
  readonly category: Category;
  readonly severity: Severity;
  readonly entries: number;
  /** With braces expanded. */
  readonly terms: number;
  readonly conditionPhrases: number;
}

/** What an entry costs. */
export interface EntryCost {
  readonly id: string;
  readonly source: ListPlace;
  readonly terms: number;
  readonly conditionPhrases: number;
}

/** What lists hold and what they cost. */
export interface LexiconStats {
  readonly version: string;
  readonly entries: number;
  readonly terms: number;
  /** Phrases of conditions, each counted for every entry that has it. */
  readonly conditionPhrases: number;
  readonly allowPhrases: number;
  /** States of the automata for words as written and for words spelled out. */
  readonly states: { readonly plain: number; readonly spelled: number };
  /** Bytes of the tables of both. */
  readonly tableBytes: number;
  /** By language, category and severity. */
  readonly counts: readonly LexiconCount[];
  /** The entries with the most terms and condition phrases, most first. */
  readonly costliest: readonly EntryCost[];
}

const MAX_COSTLIEST = 20;

/** Counts what built lists hold. */
export function lexiconStats(lexicon: Lexicon): LexiconStats {
  const counts = new Map<string, LexiconCount>();
  const costs = lexicon.entries.map(costOf);
  lexicon.entries.forEach(({ language, category, severity }, index) => {
    const key = `${language}/${category}/${severity}`;
    const before = counts.get(key) ?? { language, category, severity, entries: 0, terms: 0, conditionPhrases: 0 };
    const { terms, conditionPhrases } = costs[index] ?? { terms: 0, conditionPhrases: 0 };
    counts.set(key, {
      ...before,
      entries: before.entries + 1,
      terms: before.terms + terms,
      conditionPhrases: before.conditionPhrases + conditionPhrases,
    });
  });
  const total = (cost: EntryCost): number => cost.terms + cost.conditionPhrases;
  return {
    version: lexicon.version,
    entries: lexicon.entries.length,
    terms: lexicon.size,
    conditionPhrases: costs.reduce((sum, cost) => sum + cost.conditionPhrases, 0),
    allowPhrases: lexicon.allow.length,
    states: { plain: lexicon.automaton.size, spelled: lexicon.spelled.size },
    tableBytes: lexicon.automaton.bytes + lexicon.spelled.bytes,
    counts: [...counts.values()].sort(compareCounts),
    costliest: costs.sort((a, b) => total(b) - total(a)).slice(0, MAX_COSTLIEST),
  };
}

function costOf({ id, source, terms, conditions }: LexiconEntry): EntryCost {
  const conditionPhrases = conditions.reduce((sum, { phrases }) => sum + phrases.length, 0);
  return { id, source, terms: terms.length, conditionPhrases };
}

function compareCounts(a: LexiconCount, b: LexiconCount): number {
  if (a.language !== b.language) return a.language < b.language ? -1 : 1;
  return CATEGORIES.indexOf(a.category) - CATEGORIES.indexOf(b.category) || a.severity - b.severity;
}
