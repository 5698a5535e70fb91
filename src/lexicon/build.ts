import { createHash } from 'node:crypto';
import { CATEGORIES, type Category, type Severity } from '../core/index.js';
import { Alphabet } from './alphabet.js';
import { Automaton } from './automaton.js';
import { BackMatcher } from './back-matcher.js';
import { ConditionIndex } from './condition-index.js';
import type { AllowPhrase, LexiconEntry, ParsedList, Phrase } from './entry.js';
import { EntryTable } from './entry-table.js';
import { type Depths, openDepths, runSteps } from './open-depths.js';
import { OutputChains } from './output-chains.js';
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
  /** The outputs of `automaton`, sorted at first need. */
  readonly outputs: OutputChains;
  /** Patterns for words spelled out letter by letter; same index as in `spelled`. */
  readonly spelledPatterns: PatternSet;
  readonly spelled: Automaton;
  readonly alphabet: Alphabet;
  /** Shared by all scanners: each of its calls is complete in itself. */
  readonly matcher: BackMatcher;
  /** Which phrases, by their numbers in `PatternUse`, belong to which conditions. */
  readonly conditionIndex: ConditionIndex;
  /** Symbols back to the start of the longest unfinished allow-phrase, per state. */
  readonly allowDepths: Depths;
  /** Symbols back to the start of the longest unfinished term whose hit `holds`, per state of both automata. */
  holdDepths(holds: Holds): HoldDepths;
  /** Works `holdDepths` out ahead of its first call, in steps of less than a millisecond; in none when they are known. */
  prepareHolds(holds: Holds): Generator<void, HoldDepths>;
}

/** See `Lexicon.holdDepths`. */
export interface HoldDepths {
  readonly plain: Depths;
  readonly spelled: Depths;
}

/** What a lexicon is made of. */
export interface LexiconParts
  extends Omit<Lexicon, 'entries' | 'allow' | 'holdDepths' | 'prepareHolds' | 'matcher' | 'outputs'> {
  readonly entryTable: EntryTable;
  /** Asked for the allow-phrases when somebody wants to see them. */
  readonly allowPhrases: () => readonly AllowPhrase[];
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
  }
  const conditionIndex = ConditionIndex.of(entries, ({ phrases: own }) => own.map(numberOf));
  for (const { number, phrase } of phrases.values()) patterns.add(phrase, { kind: 'condition', number });
  const automaton = Automaton.build(patterns.takeSymbols());
  const allow = lists.flatMap((list) => list.allow);
  return assembleLexicon({
    version: versionOf(lists),
    size: entries.reduce((sum, { terms }) => sum + terms.length, 0),
    entryTable: EntryTable.of(entries),
    allowPhrases: () => allow,
    patterns,
    automaton,
    spelledPatterns,
    spelled: Automaton.build(spelledPatterns.takeSymbols()),
    alphabet,
    conditionIndex,
    allowDepths: runSteps(
      openDepths(automaton, {
        counts: (number) => patterns.use(number)?.kind === 'allow',
        stays: (number) => patterns.grows(number),
      }),
    ),
  });
}

/** The lexicon over parts that were just built or taken over. */
export function assembleLexicon({ entryTable, allowPhrases, ...parts }: LexiconParts): Lexicon {
  const { automaton, patterns, spelled, spelledPatterns } = parts;
  const known = new Map<string, HoldDepths>();
  let outputs: OutputChains | undefined;
  function* prepareHolds(holds: Holds): Generator<void, HoldDepths> {
    const kinds = kindsOf(holds);
    const key = kinds.join('');
    const found = known.get(key);
    if (found !== undefined) return found;
    // Where nothing is changed, as in shadow mode, nothing waits.
    if (!kinds.includes(1)) {
      return {
        plain: new Uint8Array(automaton.depths.length),
        spelled: new Uint8Array(spelled.depths.length),
      };
    }
    const counts = (set: PatternSet) => (number: number) => kinds[set.kind(number)] === 1;
    const depths = {
      plain: yield* openDepths(automaton, { counts: counts(patterns), stays: (number) => patterns.grows(number) }),
      // A word spelled out is reported where its last letter has proved to be a word of its own.
      spelled: yield* openDepths(spelled, { counts: counts(spelledPatterns), stays: () => true }),
    };
    known.set(key, depths);
    return depths;
  }
  return {
    ...parts,
    get entries() {
      return entryTable.all;
    },
    get allow() {
      return allowPhrases();
    },
    get outputs() {
      outputs ??= new OutputChains(automaton, patterns);
      return outputs;
    },
    matcher: new BackMatcher(parts.alphabet),
    holdDepths: (holds) => runSteps(prepareHolds(holds)),
    prepareHolds,
  };
}

/** The phrase as the reading sees it that takes a hyphen as nothing; `undefined` when it has none between letters. */
function withoutHyphens(phrase: Phrase): Phrase | undefined {
  const text = phrase.text.replace(/(?<=\p{L})[-.](?=\p{L})/gu, '');
  return text === phrase.text ? undefined : { ...phrase, text };
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

/** Per `kindOf` an entry, 1 where its hit holds text. */
function kindsOf(holds: Holds): Uint8Array {
  const severities = [1, 2, 3, 4] as const;
  return Uint8Array.from(
    CATEGORIES.flatMap((category) => severities.map((severity) => Number(holds(category, severity)))),
  );
}
