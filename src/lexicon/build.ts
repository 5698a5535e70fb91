import { createHash } from 'node:crypto';
import { CATEGORY_INDEX, type Category, type Severity } from '../core/index.js';
import { Alphabet } from './alphabet.js';
import { Automaton } from './automaton.js';
import { BackMatcher } from './back-matcher.js';
import { ConditionIndex } from './condition-index.js';
import type { AllowPhrase, Condition, LexiconEntry, ParsedList, Phrase } from './entry.js';
import { PatternSet } from './pattern-set.js';

/** Says whether a hit of a category and severity changes a text, so that text has to wait for it. */
export type Holds = (category: Category, severity: Severity) => boolean;

/** The built lists: shared by all scanners, and never changed but for remembered look-ups. */
export interface Lexicon {
  /** Hash of every entry; changes whenever a match can change. */
  readonly version: string;
  /** Number of expanded terms. */
  readonly size: number;
  readonly entries: readonly LexiconEntry[];
  readonly allow: readonly AllowPhrase[];
  readonly patterns: PatternSet;
  readonly automaton: Automaton;
  /** Patterns for words spelled out letter by letter; same index as in `spelled`. */
  readonly spelledPatterns: PatternSet;
  readonly spelled: Automaton;
  readonly alphabet: Alphabet;
  /** Shared by all scanners: each of its calls is complete in itself. */
  readonly matcher: BackMatcher;
  /** Which phrases, by their numbers in `PatternUse`, belong to which conditions. */
  readonly conditionIndex: ConditionIndex;
  /** Symbols back to the start of the longest unfinished allow-phrase, per state. */
  readonly allowDepths: Uint16Array;
  /** Symbols back to the start of the longest unfinished term whose hit `holds`, per state of both automata. */
  holdDepths(holds: Holds): { readonly plain: Uint16Array; readonly spelled: Uint16Array };
}

/** Builds the automata. O(total term length). */
export function buildLexicon(lists: readonly ParsedList[]): Lexicon {
  const alphabet = new Alphabet();
  const patterns = new PatternSet(alphabet, 'plain');
  const spelledPatterns = new PatternSet(alphabet, 'spelled');
  const entries = lists.flatMap((list) => list.entries);
  const phrases = new Map<string, { readonly number: number; readonly phrase: Phrase }>();
  const numberOf = (phrase: Phrase): number => {
    const key = `${phrase.openStart ? '*' : ' '}${phrase.text}${phrase.openEnd ? '*' : ' '}`;
    const known = phrases.get(key) ?? { number: phrases.size, phrase };
    phrases.set(key, known);
    return known.number;
  };
  const conditionPhrases = new Map<Condition, readonly number[]>();
  for (const { allow } of lists) for (const phrase of allow) patterns.add(phrase, { kind: 'allow' });
  for (const entry of entries) {
    const use = { kind: 'deny', entry } as const;
    for (const term of entry.terms) {
      patterns.add(term, use);
      const unjoined = withoutHyphens(term);
      if (unjoined !== undefined) patterns.add(unjoined, use);
      // Weak evidence is not worth the tables: nobody spells out what would not be stopped.
      if (entry.severity > 1) spelledPatterns.add(term, use);
    }
    for (const condition of entry.conditions) conditionPhrases.set(condition, condition.phrases.map(numberOf));
  }
  for (const { number, phrase } of phrases.values()) patterns.add(phrase, { kind: 'condition', number });
  const automaton = Automaton.build(patterns.takeSymbols());
  return assembleLexicon({
    version: versionOf(lists),
    size: entries.reduce((sum, { terms }) => sum + terms.length, 0),
    entries,
    allow: lists.flatMap((list) => list.allow),
    patterns,
    automaton,
    spelledPatterns,
    spelled: Automaton.build(spelledPatterns.takeSymbols()),
    alphabet,
    conditionIndex: new ConditionIndex(conditionPhrases, entries),
    allowDepths: automaton.openDepths(
      (number) => patterns.use(number)?.kind === 'allow',
      (number) => patterns.grows(number),
    ),
  });
}

/** The lexicon over parts that were just built or taken over. */
export function assembleLexicon(parts: Omit<Lexicon, 'holdDepths' | 'matcher'>): Lexicon {
  const { automaton, patterns, spelled, spelledPatterns } = parts;
  const known = new Map<string, { plain: Uint16Array; spelled: Uint16Array }>();
  return {
    ...parts,
    matcher: new BackMatcher(parts.alphabet),
    holdDepths(holds) {
      const key = keyOf(holds);
      let depths = known.get(key);
      if (depths === undefined) {
        depths = {
          plain: depthsOf(automaton, { patterns, holds, stays: (number) => patterns.grows(number) }),
          // A word spelled out is reported where its last letter has proved to be a word of its own.
          spelled: depthsOf(spelled, { patterns: spelledPatterns, holds, stays: () => true }),
        };
        known.set(key, depths);
      }
      return depths;
    },
  };
}

/** The phrase as the reading sees it that takes a hyphen as nothing; `undefined` when it has none between letters. */
function withoutHyphens(phrase: Phrase): Phrase | undefined {
  const text = phrase.text.replace(/(?<=\p{L})[-.](?=\p{L})/gu, '');
  return text === phrase.text ? undefined : { ...phrase, text };
}

function depthsOf(
  automaton: Automaton,
  { patterns, holds, stays }: { patterns: PatternSet; holds: Holds; stays: (pattern: number) => boolean },
): Uint16Array {
  const counts = (number: number): boolean => {
    const use = patterns.use(number);
    return use?.kind === 'deny' && holds(use.entry.category, use.entry.severity);
  };
  return automaton.openDepths(counts, stays);
}

/** Hash of the list texts, and of what can be changed about an entry from outside of its list. */
function versionOf(lists: readonly ParsedList[]): string {
  const digest = createHash('sha256');
  for (const { fingerprint, entries } of lists) {
    digest.update(fingerprint);
    for (const { id, category, severity } of entries) digest.update(`${id} ${category} ${severity}\n`);
  }
  return digest.digest('hex').slice(0, 12);
}

function keyOf(holds: Holds): string {
  let key = '';
  for (const category of Object.keys(CATEGORY_INDEX) as Category[]) {
    for (const severity of [1, 2, 3, 4] as const) key += holds(category, severity) ? '1' : '0';
  }
  return key;
}
