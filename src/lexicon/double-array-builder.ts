import { BASE, CELL, FAIL, FREE, OUTPUT, PARENT, ROOT } from './cells.js';
import { TRIE_ROOT, type Trie } from './trie.js';

/** Free slots tried for a set of children before the end of the array is taken. */
const MAX_TRIES = 24;
const NONE = -1;

/** Lays a trie out as a double array with failure links, breadth first. */
export class DoubleArrayBuilder {
  cells = new Int32Array(0);
  depth = new Uint16Array(0);
  /** States in breadth-first order, the root left out. */
  readonly order: Int32Array;
  readonly outputPattern: Int32Array;
  readonly outputNext: Int32Array;
  slots = 1;
  /** Greatest symbol of all. */
  greatest = 0;
  readonly #trie: Trie;
  /** Trie node of each state of `order`. */
  readonly #nodes: Int32Array;
  #states = 0;
  #outputs = 0;
  /** Per slot itself if it is free, else a greater slot with no free one between. */
  #free = new Int32Array(0);
  /** Where the search for several free slots begins. */
  #searchFrom = 1;
  /** Where a search begins that found no place there: sets with symbols far apart leave much free. */
  #sparseFrom = 1;
  /** Children of the node being laid out, in order of their symbols. */
  #children: number[] = [];

  constructor(trie: Trie) {
    this.#trie = trie;
    this.order = new Int32Array(trie.size - 1);
    this.#nodes = new Int32Array(trie.size - 1);
    this.outputPattern = new Int32Array(trie.nextEnd.length);
    this.outputNext = new Int32Array(trie.nextEnd.length);
    this.#grow(Math.max(1024, trie.size + (trie.size >> 2)));
  }

  /** Fills the tables; called once. */
  build(): void {
    this.#expand(ROOT, TRIE_ROOT);
    for (let index = 0; index < this.#states; index += 1) {
      this.#expand(this.order[index] ?? ROOT, this.#nodes[index] ?? TRIE_ROOT);
    }
  }

  /** Gives a state its outputs and its children. */
  #expand(state: number, node: number): void {
    const { symbol, firstChild, nextSibling, firstEnd, nextEnd } = this.#trie;
    const { cells } = this;
    const fail = cells[state + FAIL] ?? ROOT;
    let output = state === ROOT ? 0 : (cells[fail + OUTPUT] ?? 0);
    for (let end = firstEnd[node] ?? NONE; end !== NONE; end = nextEnd[end] ?? NONE) {
      this.outputPattern[this.#outputs] = end;
      this.outputNext[this.#outputs] = output;
      this.#outputs += 1;
      output = this.#outputs;
    }
    cells[state + OUTPUT] = output;
    const children = this.#children;
    children.length = 0;
    for (let child = firstChild[node] ?? NONE; child !== NONE; child = nextSibling[child] ?? NONE) children.push(child);
    if (children.length === 0) return;
    if (children.length > 1) children.sort((a, b) => (symbol[a] ?? 0) - (symbol[b] ?? 0));
    const base = this.#place();
    this.cells[state + BASE] = base * CELL;
    const depth = (this.depth[state / CELL] ?? 0) + 1;
    for (const child of children) {
      const slot = base + (symbol[child] ?? 0);
      this.cells[slot * CELL] = state;
      this.depth[slot] = depth;
      if (slot >= this.slots) this.slots = slot + 1;
      this.order[this.#states] = slot * CELL;
      this.#nodes[this.#states] = child;
      this.#states += 1;
    }
    // After all children have their place: the suffix of a child may be a child of the same state.
    for (const child of children) {
      const own = symbol[child] ?? 0;
      this.cells[(base + own) * CELL + FAIL] = this.#failOf(state, own * CELL);
    }
  }

  #failOf(parent: number, step: number): number {
    const { cells } = this;
    if (parent === ROOT) return ROOT;
    let state = cells[parent + FAIL] ?? ROOT;
    for (;;) {
      const to = (cells[state + BASE] ?? 0) + step;
      if (cells[to + PARENT] === state) return to;
      if (state === ROOT) return ROOT;
      state = cells[state + FAIL] ?? ROOT;
    }
  }

  /** Finds a base that puts every child on a free slot, and takes the slots. */
  #place(): number {
    const children = this.#children;
    const { symbol } = this.#trie;
    const least = symbol[children[0] ?? 0] ?? 1;
    const most = symbol[children.at(-1) ?? 0] ?? least;
    if (most > this.greatest) this.greatest = most;
    let slot = this.#freeFrom(Math.max(least, children.length === 1 ? 1 : this.#searchFrom));
    let isSparse = false;
    for (let tries = 1; ; tries += 1) {
      if (tries > MAX_TRIES) {
        // Where nearly nothing is free no set of children will fit: leave it to single children.
        if (isSparse) this.#sparseFrom = this.slots;
        else this.#searchFrom = Math.max(this.#searchFrom, slot);
        slot = this.#freeFrom(Math.max(least, this.#sparseFrom));
        isSparse = true;
        tries = 0;
      }
      const base = slot - least;
      if (base + most >= this.depth.length) this.#grow((base + most + 1) * 2);
      if (this.#fits(base)) {
        for (const child of children) {
          const taken = base + (symbol[child] ?? 0);
          this.#free[taken] = taken + 1;
        }
        return base;
      }
      slot = this.#freeFrom(slot + 1);
    }
  }

  #fits(base: number): boolean {
    for (const child of this.#children) {
      const slot = base + (this.#trie.symbol[child] ?? 0);
      if (this.#free[slot] !== slot) return false;
    }
    return true;
  }

  /** Least free slot from `slot` on; shortens the way for the next call. */
  #freeFrom(slot: number): number {
    const free = this.#free;
    let found = slot;
    for (let next = free[found] ?? found; next !== found; next = free[found] ?? found) found = next;
    for (let at = slot; at < found; ) {
      const next = free[at] ?? found;
      free[at] = found;
      at = next;
    }
    return found;
  }

  #grow(slots: number): void {
    const before = this.depth.length;
    const cells = new Int32Array(slots * CELL);
    const free = new Int32Array(slots + 1);
    const depth = new Uint16Array(slots);
    cells.set(this.cells);
    free.set(this.#free.subarray(0, before));
    depth.set(this.depth);
    for (let slot = before; slot < slots; slot += 1) cells[slot * CELL] = FREE;
    for (let slot = before; slot <= slots; slot += 1) free[slot] = slot;
    if (before === 0) free[0] = 1;
    this.cells = cells;
    this.#free = free;
    this.depth = depth;
  }
}
