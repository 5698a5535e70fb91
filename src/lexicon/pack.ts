import { deserialize, serialize } from 'node:v8';
import { Alphabet } from './alphabet.js';
import { Automaton, type AutomatonTables } from './automaton.js';
import { assembleLexicon, type Lexicon } from './build.js';
import { ConditionIndex } from './condition-index.js';
import type { AllowPhrase, Condition, LexiconEntry, Phrase } from './entry.js';
import { type PackedPatterns, PatternSet } from './pattern-set.js';

type PackedEntry = Omit<LexiconEntry, 'terms' | 'conditions'> & {
  /** Numbers of its first pattern and of the first pattern behind it. */
  readonly from: number;
  readonly to: number;
  readonly conditions: readonly { readonly kind: Condition['kind']; readonly phrases: readonly number[] }[];
};

interface PackedLexicon {
  readonly key: string;
  readonly version: string;
  readonly size: number;
  readonly units: readonly number[];
  readonly entries: readonly PackedEntry[];
  readonly allow: readonly AllowPhrase[];
  /** Pattern of each condition phrase. */
  readonly phrases: Uint32Array;
  readonly patterns: PackedPatterns;
  readonly automaton: AutomatonTables;
  readonly spelledPatterns: PackedPatterns;
  readonly spelled: AutomatonTables;
  readonly allowDepths: Uint16Array;
}

/** The lexicon as bytes that `unpackLexicon` reads in a fraction of the time of a build; `key` says what it was built from. */
export function packLexicon(lexicon: Lexicon, key: string): Uint8Array {
  const { version, size, entries, allow, patterns, automaton, spelledPatterns, spelled, alphabet, allowDepths } =
    lexicon;
  const ranges = new Map<LexiconEntry, { from: number; to: number }>();
  const phrases: number[] = [];
  for (let number = 0; number < patterns.length; number += 1) {
    const use = patterns.use(number);
    if (use?.kind === 'condition') phrases[use.number] = number;
    if (use?.kind !== 'deny') continue;
    const range = ranges.get(use.entry);
    if (range === undefined) ranges.set(use.entry, { from: number, to: number + 1 });
    else range.to = number + 1;
  }
  const packed: PackedLexicon = {
    key,
    version,
    size,
    units: alphabet.units,
    entries: entries.map((entry) => {
      const { terms: _, conditions, ...rest } = entry;
      const own = conditions.map((condition) => ({
        kind: condition.kind,
        phrases: lexicon.conditionIndex.phrasesOf(condition),
      }));
      return { ...rest, ...(ranges.get(entry) ?? { from: 0, to: 0 }), conditions: own };
    }),
    allow,
    phrases: Uint32Array.from(phrases),
    patterns: patterns.pack(entries),
    automaton: automaton.tables,
    spelledPatterns: spelledPatterns.pack(entries),
    spelled: spelled.tables,
    allowDepths,
  };
  return serialize(packed);
}

/** The lexicon of packed bytes; `undefined` when they were built from something else than `key` says. */
export function unpackLexicon(bytes: Uint8Array, key: string): Lexicon | undefined {
  const packed = deserialize(bytes) as PackedLexicon;
  if (packed.key !== key) return undefined;
  const alphabet = new Alphabet(packed.units);
  const conditionPhrases = new Map<Condition, readonly number[]>();
  const entries: LexiconEntry[] = [];
  const patterns = new PatternSet(alphabet, { packed: packed.patterns, entries });
  const lazyPhrases = (numbers: readonly number[]): readonly Phrase[] =>
    numbers.map((number) => patterns.phrase(packed.phrases[number] ?? 0));
  for (const { from, to, conditions, ...entry } of packed.entries) {
    const own = conditions.map(({ kind, phrases }): Condition => {
      const condition: Condition = {
        kind,
        get phrases() {
          return lazyPhrases(phrases);
        },
      };
      conditionPhrases.set(condition, phrases);
      return condition;
    });
    entries.push({
      ...entry,
      conditions: own,
      get terms() {
        return Array.from({ length: to - from }, (_, index) => patterns.phrase(from + index));
      },
    });
  }
  const { version, size, allow, allowDepths } = packed;
  return assembleLexicon({
    version,
    size,
    entries,
    allow,
    patterns,
    automaton: new Automaton(packed.automaton),
    spelledPatterns: new PatternSet(alphabet, { packed: packed.spelledPatterns, entries }),
    spelled: new Automaton(packed.spelled),
    alphabet,
    conditionIndex: new ConditionIndex(conditionPhrases, entries),
    allowDepths,
  });
}
