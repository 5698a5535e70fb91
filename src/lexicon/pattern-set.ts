import { SEPARATOR } from '../text/index.js';
import type { Alphabet } from './alphabet.js';
import type { Phrase } from './entry.js';
import { compilePhrase, type Pattern, type PatternUse, spellOut } from './pattern.js';
import { SymbolTable } from './trie.js';

/** Which patterns a set holds: of phrases as they are written, or of words spelled out letter by letter. */
export type PatternForm = 'plain' | 'spelled';

/**
 * Patterns by number. Only what a build needs is worked out at once; a pattern itself is made when a text first comes to
 * its end, because most never are needed and a hundred thousand objects are slow to make and to keep.
 */
export class PatternSet {
  readonly #alphabet: Alphabet;
  readonly #form: PatternForm;
  readonly #phrases: Phrase[] = [];
  readonly #uses: PatternUse[] = [];
  readonly #repeating = new Set<number>();
  readonly #made = new Map<number, Pattern>();
  #symbols: SymbolTable | undefined = new SymbolTable();

  constructor(alphabet: Alphabet, form: PatternForm) {
    this.#alphabet = alphabet;
    this.#form = form;
  }

  /** Number of patterns. */
  get length(): number {
    return this.#phrases.length;
  }

  /** Adds the pattern of a phrase, unless it has none. */
  add(phrase: Phrase, use: PatternUse): void {
    const pattern = this.#make(phrase, use);
    if (pattern === undefined || this.#symbols === undefined) return;
    for (const first of pattern.symbols)
      this.#symbols.push(this.#alphabet.symbolFor(pattern.units[first] ?? SEPARATOR));
    this.#symbols.close();
    if (pattern.lastRun > 1) this.#repeating.add(this.#phrases.length);
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
      const phrase = this.#phrases[number];
      const use = this.#uses[number];
      pattern = phrase && use && this.#make(phrase, use);
      if (pattern === undefined) throw new RangeError(`there is no pattern ${number}`);
      this.#made.set(number, pattern);
    }
    return pattern;
  }

  /** What a match of the pattern of that number means. */
  use(number: number): PatternUse | undefined {
    return this.#uses[number];
  }

  /** Whether a repetition of its last letter can complete the pattern. */
  repeats(number: number): boolean {
    return this.#repeating.has(number);
  }

  #make(phrase: Phrase, use: PatternUse): Pattern | undefined {
    const pattern = compilePhrase(phrase, { use, fold: this.#alphabet.fold });
    return pattern === undefined || this.#form === 'plain' ? pattern : spellOut(pattern);
  }
}
