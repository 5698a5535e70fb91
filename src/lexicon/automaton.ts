/** Index of the start state. */
export const ROOT = 0;

/**
 * Aho-Corasick automaton over small integer symbols, built once and then immutable.
 * Edges live in one open-addressed hash table of typed arrays, so memory follows the number of edges, not states x symbols.
 * Source: Aho & Corasick, "Efficient string matching", CACM 18(6), 1975.
 */
export class Automaton {
  /** State that an edge leaves, -1 in a free slot. State and symbol stand apart: their product can exceed 32 bits. */
  readonly #from: Int32Array;
  readonly #label: Int32Array;
  readonly #targets: Int32Array;
  readonly #mask: number;
  readonly #fail: Int32Array;
  /** Length in symbols of the longest pattern prefix that a state stands for. */
  readonly #depth: Int32Array;
  /** Patterns that end at a state; shared by reference along dictionary suffix links. */
  readonly #outputs: readonly (readonly number[])[];

  /** Builds from patterns of symbols from 1 up. O(total pattern length). */
  constructor(patterns: readonly (readonly number[])[]) {
    const edges: Map<number, number>[] = [new Map()];
    const depth = [0];
    const own: number[][] = [[]];
    patterns.forEach((pattern, index) => {
      let state = ROOT;
      for (const symbol of pattern) {
        let next = edges[state]?.get(symbol);
        if (next === undefined) {
          next = edges.length;
          edges[state]?.set(symbol, next);
          edges.push(new Map());
          depth.push((depth[state] ?? 0) + 1);
          own.push([]);
        }
        state = next;
      }
      own[state]?.push(index);
    });
    const edgeCount = edges.length - 1;
    let capacity = 16;
    while (capacity < edgeCount * 2) capacity *= 2;
    this.#mask = capacity - 1;
    this.#from = new Int32Array(capacity).fill(-1);
    this.#label = new Int32Array(capacity);
    this.#targets = new Int32Array(capacity);
    this.#fail = new Int32Array(edges.length);
    this.#depth = Int32Array.from(depth);
    edges.forEach((map, state) => {
      for (const [symbol, target] of map) this.#insert(state, symbol, target);
    });
    const outputs: (readonly number[])[] = own;
    const queue: number[] = [ROOT];
    for (let head = 0; head < queue.length; head += 1) {
      const state = queue[head] ?? ROOT;
      for (const [symbol, target] of edges[state] ?? []) {
        const fail = state === ROOT ? ROOT : this.next(this.#fail[state] ?? ROOT, symbol);
        this.#fail[target] = fail;
        const inherited = outputs[fail] ?? [];
        if (inherited.length > 0) outputs[target] = [...(outputs[target] ?? []), ...inherited];
        queue.push(target);
      }
    }
    this.#outputs = outputs;
  }

  #insert(state: number, symbol: number, target: number): void {
    let slot = hash(state, symbol) & this.#mask;
    while (this.#from[slot] !== -1) slot = (slot + 1) & this.#mask;
    this.#from[slot] = state;
    this.#label[slot] = symbol;
    this.#targets[slot] = target;
  }

  /** State after reading a symbol; amortised O(1). Symbol 0 is "in no pattern" and leads to the root. */
  next(from: number, symbol: number): number {
    if (symbol === 0) return ROOT;
    let state = from;
    for (;;) {
      let slot = hash(state, symbol) & this.#mask;
      for (;;) {
        const from = this.#from[slot];
        if (from === -1) break;
        if (from === state && this.#label[slot] === symbol) return this.#targets[slot] ?? ROOT;
        slot = (slot + 1) & this.#mask;
      }
      if (state === ROOT) return ROOT;
      state = this.#fail[state] ?? ROOT;
    }
  }

  /** Patterns that end here, all overlapping ones. */
  outputs(state: number): readonly number[] {
    return this.#outputs[state] ?? [];
  }

  /** How many symbols back the longest unfinished pattern begins. */
  depth(state: number): number {
    return this.#depth[state] ?? 0;
  }

  /** Number of states, the root included. */
  get size(): number {
    return this.#fail.length;
  }
}

function hash(state: number, symbol: number): number {
  const mixed = Math.imul(state, 0x9e3779b1) ^ Math.imul(symbol, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
