import { endianness } from 'node:os';
import { Alphabet } from './alphabet.js';
import { Automaton, type AutomatonTables } from './automaton.js';
import { assembleLexicon, type Lexicon } from './build.js';
import { ConditionIndex } from './condition-index.js';
import type { AllowPhrase, Condition, LexiconEntry, Phrase } from './entry.js';
import { EntryTable, kindOf } from './entry-table.js';
import { type PackedPatterns, type PatternForm, PatternSet } from './pattern-set.js';
import { joinTables, splitTables, type Table } from './table-file.js';
import { poolTexts, type TextPool, textAt } from './text-pool.js';

/** An entry as JSON. */
type PackedEntry = Omit<LexiconEntry, 'terms' | 'conditions' | 'within'> & {
  /** Null for any distance. */
  readonly within: { readonly back: number | null; readonly ahead: number };
  /** Numbers of its first pattern and of the first pattern behind it. */
  readonly from: number;
  readonly to: number;
  /** Each with its number in the index. */
  readonly conditions: readonly (readonly [kind: Condition['kind'], number: number])[];
};

type Encodings = Readonly<Record<'entries' | 'allow' | 'patterns' | 'spelledPatterns', TextPool['encoding']>>;

interface About {
  readonly key: string;
  readonly endianness: string;
  readonly version: string;
  readonly size: number;
  readonly maxBack: number;
  readonly encodings: Encodings;
}

type Tables = Readonly<Record<string, Table>>;

/** The lexicon as bytes that `unpackLexicon` takes over without a copy; `key` says what it was built from. */
export function packLexicon(lexicon: Lexicon, key: string): ArrayBuffer {
  const { version, size, alphabet, allowDepths, conditionIndex } = lexicon;
  const { entries } = lexicon;
  const entryPool = poolTexts(entryTexts(lexicon, entries));
  const allowPool = poolTexts([JSON.stringify(lexicon.allow)]);
  const patterns = lexicon.patterns.pack(entries);
  const spelledPatterns = lexicon.spelledPatterns.pack(entries);
  const { phrases, ends, unbounded, maxBack } = conditionIndex.tables;
  const about: About = {
    key,
    endianness: endianness(),
    version,
    size,
    maxBack,
    encodings: {
      entries: entryPool.encoding,
      allow: allowPool.encoding,
      patterns: patterns.encoding,
      spelledPatterns: spelledPatterns.encoding,
    },
  };
  return joinTables(about, {
    units: Uint32Array.from(alphabet.units),
    kinds: Uint8Array.from(entries, kindOf),
    allowDepths,
    phrasePatterns: phrasePatternsOf(lexicon),
    'conditions.phrases': phrases,
    'conditions.ends': ends,
    'conditions.unbounded': unbounded,
    ...poolTables('entries', entryPool),
    ...poolTables('allow', allowPool),
    ...patternTables('patterns', patterns),
    ...patternTables('spelledPatterns', spelledPatterns),
    ...automatonTables('automaton', lexicon.automaton.tables),
    ...automatonTables('spelled', lexicon.spelled.tables),
  });
}

/** The lexicon of packed bytes, whose tables are views of them; `undefined` when they were built from something else than `key` says. */
export function unpackLexicon(bytes: ArrayBuffer, key: string): Lexicon | undefined {
  const { about, tables: reader } = splitTables(bytes);
  const { encodings, ...packed } = about as About;
  if (packed.key !== key || packed.endianness !== endianness()) return undefined;
  const pool = (name: keyof Encodings): TextPool => ({
    bytes: reader.u8(`${name}.bytes`),
    ends: reader.u32(`${name}.ends`),
    encoding: encodings[name],
  });
  const alphabet = new Alphabet(reader.u32('units'));
  const conditionIndex = new ConditionIndex({
    phrases: reader.u32('conditions.phrases'),
    ends: reader.u32('conditions.ends'),
    unbounded: reader.u32('conditions.unbounded'),
    maxBack: packed.maxBack,
  });
  const phrasePatterns = reader.u32('phrasePatterns');
  const entryTable = EntryTable.unpack({ ...pool('entries'), kinds: reader.u8('kinds') }, (json) => {
    return unpackEntry(JSON.parse(json) as PackedEntry, { patterns: () => patterns, conditionIndex, phrasePatterns });
  });
  const setOf = (name: 'patterns' | 'spelledPatterns', form: PatternForm): PatternSet => {
    const set = {
      form,
      ...pool(name),
      flags: reader.u8(`${name}.flags`),
      references: reader.i32(`${name}.references`),
    };
    return new PatternSet(alphabet, { packed: set, entries: entryTable });
  };
  const patterns = setOf('patterns', 'plain');
  const automatonOf = (name: string): Automaton =>
    new Automaton({
      cells: reader.i32(`${name}.cells`),
      outputPattern: reader.i32(`${name}.outputPattern`),
      outputNext: reader.i32(`${name}.outputNext`),
      depths: reader.u8or16(`${name}.depths`),
    });
  const allow = pool('allow');
  return assembleLexicon({
    version: packed.version,
    size: packed.size,
    entryTable,
    allowPhrases: () => JSON.parse(textAt(allow, 0)) as AllowPhrase[],
    patterns,
    automaton: automatonOf('automaton'),
    spelledPatterns: setOf('spelledPatterns', 'spelled'),
    spelled: automatonOf('spelled'),
    alphabet,
    conditionIndex,
    allowDepths: reader.u8or16('allowDepths'),
  });
}

function entryTexts({ patterns, conditionIndex }: Lexicon, entries: readonly LexiconEntry[]): string[] {
  const ranges = new Map<LexiconEntry, { from: number; to: number }>();
  for (let number = 0; number < patterns.length; number += 1) {
    const use = patterns.use(number);
    if (use?.kind !== 'deny') continue;
    const range = ranges.get(use.entry);
    if (range === undefined) ranges.set(use.entry, { from: number, to: number + 1 });
    else range.to = number + 1;
  }
  return entries.map((entry) => {
    const { terms: _, conditions, within, ...rest } = entry;
    const packed: PackedEntry = {
      ...rest,
      ...(ranges.get(entry) ?? { from: 0, to: 0 }),
      within: { back: Number.isFinite(within.back) ? within.back : null, ahead: within.ahead },
      conditions: conditions.map((condition) => [condition.kind, conditionIndex.numberOf(condition)]),
    };
    return JSON.stringify(packed);
  });
}

/** What an entry is unpacked with. */
interface UnpackEntryParts {
  readonly patterns: () => PatternSet;
  readonly conditionIndex: ConditionIndex;
  /** Pattern of each condition phrase. */
  readonly phrasePatterns: Uint32Array;
}

function unpackEntry(
  { from, to, conditions, within, ...entry }: PackedEntry,
  { patterns, conditionIndex, phrasePatterns }: UnpackEntryParts,
): LexiconEntry {
  const own = conditions.map(([kind, number]): Condition => {
    const condition: Condition = {
      kind,
      get phrases(): readonly Phrase[] {
        return Array.from(conditionIndex.phrasesOf(number), (phrase) => patterns().phrase(phrasePatterns[phrase] ?? 0));
      },
    };
    conditionIndex.name(condition, number);
    return condition;
  });
  return {
    ...entry,
    within: { back: within.back ?? Number.POSITIVE_INFINITY, ahead: within.ahead },
    conditions: own,
    get terms() {
      return Array.from({ length: to - from }, (_, index) => patterns().phrase(from + index));
    },
  };
}

function phrasePatternsOf({ patterns }: Lexicon): Uint32Array {
  const found: number[] = [];
  for (const [number, phrase] of patterns.conditionNumbers.entries()) if (phrase >= 0) found[phrase] = number;
  return Uint32Array.from(found);
}

function poolTables(name: string, { bytes, ends }: TextPool): Tables {
  return { [`${name}.bytes`]: bytes, [`${name}.ends`]: ends };
}

function patternTables(name: string, { flags, references, ...pool }: PackedPatterns): Tables {
  return { [`${name}.flags`]: flags, [`${name}.references`]: references, ...poolTables(name, pool) };
}

function automatonTables(name: string, tables: AutomatonTables): Tables {
  return Object.fromEntries(Object.entries<Table>({ ...tables }).map(([part, table]) => [`${name}.${part}`, table]));
}
