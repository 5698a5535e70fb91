import { baseKana, SEPARATOR } from '../text/index.js';
import type { Alphabet } from './alphabet.js';
import type { LexiconEntry, Phrase } from './entry.js';
import { type EntryTable, kindOf } from './entry-table.js';
import { compilePhrase, type Pattern, type PatternUse, spellOut } from './pattern.js';
import { poolTexts, type TextPool, textAt } from './text-pool.js';
import { SymbolTable } from './trie.js';

/** Which patterns a set holds: of phrases as they are written, or of words spelled out letter by letter. */
export type PatternForm = 'plain' | 'spelled';

/** A set as text and numbers, for another thread or process to take over. Its texts are the phrases. */
export interface PackedPatterns extends TextPool {
  readonly form: PatternForm;
  /** Per pattern the sum of the `FLAGS` that hold. */
  readonly flags: Uint8Array;
  /** Per pattern the number of its condition phrase; `ALLOW_REFERENCE`; or below that, down from `FIRST_ENTRY`, its entry. */
  readonly references: Int32Array;
}

const FLAGS = { openStart: 1, openEnd: 2, grows: 4 } as const;
const ALLOW_REFERENCE = -1;
const FIRST_ENTRY = -2;
const ALLOW: PatternUse = { kind: 'allow' };

/**
 * Patterns by number. Only what a build needs is worked out at once; a pattern itself is made when a text first comes to
 * its end, because most never are needed and a hundred thousand objects are slow to make and to keep.
 */
export class PatternSet {
  readonly #alphabet: Alphabet;
  readonly #form: PatternForm;
  readonly #phrases: (Phrase | undefined)[] = [];
  readonly #uses: (PatternUse | undefined)[] = [];
  readonly #growing = new Set<number>();
  readonly #made = new Map<number, Pattern>();
  readonly #packed: PackedPatterns | undefined;
  readonly #entries: EntryTable | undefined;
  #symbols: SymbolTable | undefined;
  #conditionNumbers: Int32Array | undefined;

  /** Starts an empty set, or takes one over whose entries are `entries`. */
  constructor(alphabet: Alphabet, source: PatternForm | { packed: PackedPatterns; entries: EntryTable }) {
    this.#alphabet = alphabet;
    if (typeof source === 'string') {
      this.#form = source;
      this.#symbols = new SymbolTable();
    } else {
      this.#form = source.packed.form;
      this.#packed = source.packed;
      this.#conditionNumbers = source.packed.references;
      this.#entries = source.entries;
    }
  }

  /** Number of patterns. */
  get length(): number {
    return this.#packed?.ends.length ?? this.#phrases.length;
  }

  /** Adds the pattern of a phrase, unless it has none. */
  add(phrase: Phrase, use: PatternUse): void {
    const pattern = this.#make(phrase, use);
    if (pattern === undefined || this.#symbols === undefined) return;
    for (const first of pattern.symbols) {
      this.#symbols.push(this.#alphabet.symbolFor(pattern.units[first] ?? SEPARATOR));
    }
    this.#symbols.close();
    const last = pattern.units.at(-1) ?? SEPARATOR;
    if (pattern.lastRun > 1 || baseKana(last) !== last) this.#growing.add(this.#phrases.length);
    this.#phrases.push(phrase);
    this.#uses.push(use);
  }

  /** Hands over the symbols of every pattern, for the automaton; none can be added behind that. */
  takeSymbols(): SymbolTable {
    const symbols = this.#symbols ?? new SymbolTable();
    this.#symbols = undefined;
    return symbols;
  }

  /** The pattern of that number. */
  get(number: number): Pattern {
    let pattern = this.#made.get(number);
    if (pattern === undefined) {
      const use = this.use(number);
      pattern = use && this.#make(this.phrase(number), use);
      if (pattern === undefined) throw new RangeError(`there is no pattern ${number}`);
      this.#made.set(number, pattern);
    }
    return pattern;
  }

  /** The phrase of the pattern of that number. */
  phrase(number: number): Phrase {
    const known = this.#phrases[number];
    if (known !== undefined) return known;
    if (this.#packed === undefined) throw new RangeError(`there is no pattern ${number}`);
    const flag = this.#packed.flags[number] ?? 0;
    return {
      text: textAt(this.#packed, number),
      openStart: (flag & FLAGS.openStart) !== 0,
      openEnd: (flag & FLAGS.openEnd) !== 0,
    };
  }

  /** What a match of the pattern of that number means. */
  use(number: number): PatternUse | undefined {
    const known = this.#uses[number];
    if (known !== undefined || this.#packed === undefined) return known;
    const reference = this.#packed.references[number] ?? ALLOW_REFERENCE;
    if (reference === ALLOW_REFERENCE) return ALLOW;
    if (reference >= 0) return { kind: 'condition', number: reference };
    const entry = this.#entries?.at(FIRST_ENTRY - reference);
    return entry === undefined ? undefined : { kind: 'deny', entry };
  }

  /** `kindOf` the entry of the pattern of that number, -1 for a pattern of another use. */
  kind(number: number): number {
    if (this.#packed !== undefined) {
      const reference = this.#packed.references[number] ?? ALLOW_REFERENCE;
      return reference <= FIRST_ENTRY ? (this.#entries?.kind(FIRST_ENTRY - reference) ?? -1) : -1;
    }
    const use = this.#uses[number];
    return use?.kind === 'deny' ? kindOf(use.entry) : -1;
  }

  /** Per pattern the number of its condition phrase, less than 0 for a pattern of another use. No pattern may be added behind that. */
  get conditionNumbers(): Int32Array {
    this.#conditionNumbers ??= Int32Array.from({ length: this.length }, (_, number) => {
      const use = this.use(number);
      return use?.kind === 'condition' ? use.number : -1;
    });
    return this.#conditionNumbers;
  }

  /** Whether what reads as its last letter can still become it: by a repetition, or by a sound mark. */
  grows(number: number): boolean {
    if (this.#packed === undefined) return this.#growing.has(number);
    return ((this.#packed.flags[number] ?? 0) & FLAGS.grows) !== 0;
  }

  /** Whether its last letter is a kana with a sound mark, which may stand as a character of its own. */
  endsInMark(number: number): boolean {
    const last = this.get(number).units.at(-1) ?? SEPARATOR;
    return baseKana(last) !== last;
  }

  /** The set as text and numbers; `entries` are those that its patterns name. */
  pack(entries: readonly LexiconEntry[]): PackedPatterns {
    const numbers = new Map(entries.map((entry, index) => [entry, index]));
    const texts: string[] = [];
    const flags = new Uint8Array(this.length);
    const references = new Int32Array(this.length);
    for (let number = 0; number < this.length; number += 1) {
      const { text, openStart, openEnd } = this.phrase(number);
      texts.push(text);
      flags[number] =
        (openStart ? FLAGS.openStart : 0) + (openEnd ? FLAGS.openEnd : 0) + (this.grows(number) ? FLAGS.grows : 0);
      const use = this.use(number);
      if (use?.kind === 'condition') references[number] = use.number;
      else references[number] = use?.kind === 'deny' ? FIRST_ENTRY - (numbers.get(use.entry) ?? 0) : ALLOW_REFERENCE;
    }
    return { form: this.#form, ...poolTexts(texts), flags, references };
  }

  #make(phrase: Phrase, use: PatternUse): Pattern | undefined {
    const pattern = compilePhrase(phrase, { use, fold: this.#alphabet.fold });
    return pattern === undefined || this.#form === 'plain' ? pattern : spellOut(pattern);
  }
}
