/** Sequences of symbols from 1 to 65,535, one after the other in typed arrays that grow. */
export class SymbolTable {
  #symbols = new Uint16Array(1 << 16);
  #ends = new Uint32Array(1 << 12);
  #length = 0;
  #used = 0;

  /** Number of sequences. */
  get length(): number {
    return this.#length;
  }

  /** Number of symbols of all sequences. */
  get symbolCount(): number {
    return this.#used;
  }

  /** Adds a symbol to the sequence that `close` will end. */
  push(symbol: number): void {
    if (this.#used === this.#symbols.length) {
      const grown = new Uint16Array(this.#used * 2);
      grown.set(this.#symbols);
      this.#symbols = grown;
    }
    this.#symbols[this.#used] = symbol;
    this.#used += 1;
  }

  /** Ends a sequence. */
  close(): void {
    if (this.#length === this.#ends.length) {
      const grown = new Uint32Array(this.#length * 2);
      grown.set(this.#ends);
      this.#ends = grown;
    }
    this.#ends[this.#length] = this.#used;
    this.#length += 1;
  }

  /** Symbols of one sequence. */
  at(index: number): Uint16Array {
    return this.#symbols.subarray(index === 0 ? 0 : this.#ends[index - 1], this.#ends[index]);
  }
}

/** Index of the root. */
export const TRIE_ROOT = 0;
const NONE = -1;

/** Prefix tree of symbol sequences in typed arrays: many small objects would cost more than all the rest of a build. */
export class Trie {
  /** Per node its symbol, its first child and its next sibling; `-1` where there is none. */
  readonly symbol: Uint16Array;
  readonly firstChild: Int32Array;
  readonly nextSibling: Int32Array;
  /** Per node the sequence that ends there, and per sequence the next one that ends at the same node. */
  readonly firstEnd: Int32Array;
  readonly nextEnd: Int32Array;
  /** Number of nodes, the root included. */
  size = 1;
  readonly #edges: Int32Array;
  readonly #mask: number;

  /** O(number of symbols). */
  constructor(table: SymbolTable) {
    const most = table.symbolCount + 1;
    this.symbol = new Uint16Array(most);
    this.firstChild = new Int32Array(most).fill(NONE);
    this.nextSibling = new Int32Array(most).fill(NONE);
    this.firstEnd = new Int32Array(most).fill(NONE);
    this.nextEnd = new Int32Array(table.length).fill(NONE);
    const parent = new Int32Array(most);
    let capacity = 16;
    while (capacity < most * 2) capacity *= 2;
    this.#mask = capacity - 1;
    this.#edges = new Int32Array(capacity);
    for (let index = 0; index < table.length; index += 1) {
      let node = TRIE_ROOT;
      for (const symbol of table.at(index)) node = this.#child(node, symbol, parent);
      this.nextEnd[index] = this.firstEnd[node] ?? NONE;
      this.firstEnd[node] = index;
    }
  }

  #child(node: number, symbol: number, parent: Int32Array): number {
    let slot = Math.imul(node, 0x9e3779b1) ^ Math.imul(symbol, 0x85ebca6b);
    slot = (slot ^ (slot >>> 15)) & this.#mask;
    for (let found = this.#edges[slot] ?? 0; found !== 0; found = this.#edges[slot] ?? 0) {
      if (parent[found] === node && this.symbol[found] === symbol) return found;
      slot = (slot + 1) & this.#mask;
    }
    const child = this.size;
    this.size += 1;
    this.#edges[slot] = child;
    parent[child] = node;
    this.symbol[child] = symbol;
    this.nextSibling[child] = this.firstChild[node] ?? NONE;
    this.firstChild[node] = child;
    return child;
  }
}
