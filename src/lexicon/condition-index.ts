import type { Condition, LexiconEntry } from './entry.js';

const BITS = 31;

/** Says which phrases belong to which conditions: asked of every phrase near a match, so it has to cost next to nothing. */
export class ConditionIndex {
  /** Farthest that a bounded condition looks back, UTF-16 units. */
  readonly maxBack: number;
  readonly #phrases: ReadonlyMap<Condition, readonly number[]>;
  readonly #unbounded = new Set<number>();
  readonly #ids = new Map<Condition, number>();
  #masks = new Int32Array(0);
  /** Open addressing: a pair of condition and phrase stands at its hash or behind it, each plus one. */
  #conditionAt = new Int32Array(1);
  #phraseAt = new Int32Array(1);

  /** @param phrases numbers of the phrases of each condition */
  constructor(phrases: ReadonlyMap<Condition, readonly number[]>, entries: readonly LexiconEntry[]) {
    this.#phrases = phrases;
    let maxBack = 0;
    for (const { conditions, within } of entries) {
      if (conditions.length === 0) continue;
      if (Number.isFinite(within.back)) maxBack = Math.max(maxBack, within.back);
      else for (const each of conditions) for (const number of this.phrasesOf(each)) this.#unbounded.add(number);
    }
    this.maxBack = maxBack;
  }

  /** Numbers of the phrases of a condition. */
  phrasesOf(condition: Condition): readonly number[] {
    return this.#phrases.get(condition) ?? [];
  }

  /** Whether a condition that looks back any distance has the phrase. */
  isUnbounded(phrase: number): boolean {
    return this.#unbounded.has(phrase);
  }

  /** What `has` is to be asked with: made once for a condition and then used for many phrases. */
  query(condition: Condition): ConditionQuery {
    if (this.#masks.length === 0) this.#build();
    const id = this.#ids.get(condition) ?? 0;
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
    let pairs = 0;
    let phrases = 1;
    for (const numbers of this.#phrases.values()) {
      pairs += numbers.length;
      for (const number of numbers) phrases = Math.max(phrases, number + 1);
    }
    const size = 2 ** Math.ceil(Math.log2(pairs * 2 + 2));
    this.#masks = new Int32Array(phrases);
    this.#conditionAt = new Int32Array(size);
    this.#phraseAt = new Int32Array(size);
    let id = 0;
    for (const [condition, numbers] of this.#phrases) {
      id += 1;
      this.#ids.set(condition, id);
      for (const phrase of numbers) {
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
