import type { Condition, LexiconEntry } from './entry.js';

const BITS = 31;

/** Conditions as numbers, for another thread or process to take over. */
export interface PackedConditions {
  /** Numbers of the phrases of every condition, one condition after the other. */
  readonly phrases: Uint32Array;
  /** End of each condition in `phrases`. */
  readonly ends: Uint32Array;
  /** Phrases of conditions that look back any distance. */
  readonly unbounded: Uint32Array;
  readonly maxBack: number;
}

/** Says which phrases belong to which conditions: asked of every phrase near a match, so it has to cost next to nothing. */
export class ConditionIndex {
  /** Everything that it is made of. */
  readonly tables: PackedConditions;
  readonly #unbounded: ReadonlySet<number>;
  /** Number of each condition, from 0. */
  readonly #numbers = new Map<Condition, number>();
  #masks = new Int32Array(0);
  /** Open addressing: a pair of condition and phrase stands at its hash or behind it, each plus one. */
  #conditionAt = new Int32Array(1);
  #phraseAt = new Int32Array(1);

  /** Takes over tables that were made before; `name` says which condition is which. */
  constructor(tables: PackedConditions) {
    this.tables = tables;
    this.#unbounded = new Set(tables.unbounded);
  }

  /** @param phrasesOf - numbers of the phrases of a condition */
  static of(entries: readonly LexiconEntry[], phrasesOf: (condition: Condition) => readonly number[]): ConditionIndex {
    const conditions: Condition[] = [];
    const phrases: number[] = [];
    const ends: number[] = [];
    const unbounded = new Set<number>();
    let maxBack = 0;
    for (const { conditions: own, within } of entries) {
      for (const condition of own) {
        const numbers = phrasesOf(condition);
        if (Number.isFinite(within.back)) maxBack = Math.max(maxBack, within.back);
        else for (const number of numbers) unbounded.add(number);
        for (const number of numbers) phrases.push(number);
        ends.push(phrases.length);
        conditions.push(condition);
      }
    }
    const [flat, bounds] = [Uint32Array.from(phrases), Uint32Array.from(ends)];
    const index = new ConditionIndex({ phrases: flat, ends: bounds, unbounded: Uint32Array.from(unbounded), maxBack });
    for (const [number, condition] of conditions.entries()) index.name(condition, number);
    return index;
  }

  /** Says that a condition is the one of that number. */
  name(condition: Condition, number: number): void {
    this.#numbers.set(condition, number);
  }

  /** Number of a condition that was named; -1 for any other. */
  numberOf(condition: Condition): number {
    return this.#numbers.get(condition) ?? -1;
  }

  /** Farthest that a bounded condition looks back, UTF-16 units. */
  get maxBack(): number {
    return this.tables.maxBack;
  }

  /** Numbers of the phrases of the condition of that number. */
  phrasesOf(number: number): Uint32Array {
    const { phrases, ends } = this.tables;
    return phrases.subarray(number === 0 ? 0 : ends[number - 1], ends[number]);
  }

  /** Whether a condition that looks back any distance has the phrase. */
  isUnbounded(phrase: number): boolean {
    return this.#unbounded.has(phrase);
  }

  /** What `has` is to be asked with: made once for a condition and then used for many phrases. */
  query(condition: Condition): ConditionQuery {
    if (this.#masks.length === 0) this.#build();
    const id = this.numberOf(condition) + 1;
    return { id, bit: 1 << (id % BITS) };
  }

  /** Whether the phrase of that number belongs to the condition of a query. */
  has({ id, bit }: ConditionQuery, phrase: number): boolean {
    // Most phrases share no bit with the condition, so most questions end here.
    if (((this.#masks[phrase] as number) & bit) === 0) return false;
    const last = this.#conditionAt.length - 1;
    for (let at = hash(id, phrase) & last; this.#conditionAt[at] !== 0; at = (at + 1) & last) {
      if (this.#conditionAt[at] === id && this.#phraseAt[at] === phrase) return true;
    }
    return false;
  }

  /** Made at first need: many texts ask nothing. */
  #build(): void {
    const { phrases: flat, ends } = this.tables;
    let phrases = 1;
    for (const number of flat) phrases = Math.max(phrases, number + 1);
    const size = 2 ** Math.ceil(Math.log2(flat.length * 2 + 2));
    this.#masks = new Int32Array(phrases);
    this.#conditionAt = new Int32Array(size);
    this.#phraseAt = new Int32Array(size);
    for (let id = 1; id <= ends.length; id += 1) {
      for (const phrase of this.phrasesOf(id - 1)) {
        this.#masks[phrase] = (this.#masks[phrase] as number) | (1 << (id % BITS));
        let at = hash(id, phrase) & (size - 1);
        while (this.#conditionAt[at] !== 0) at = (at + 1) & (size - 1);
        this.#conditionAt[at] = id;
        this.#phraseAt[at] = phrase;
      }
    }
  }
}

/** See `ConditionIndex.query`. */
export interface ConditionQuery {
  readonly id: number;
  readonly bit: number;
}

function hash(id: number, phrase: number): number {
  return Math.imul(Math.imul(id, 0x9e3779b1) ^ phrase, 0x85ebca6b) >>> 8;
}
