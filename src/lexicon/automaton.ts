/** Offset of the start state. */
export const ROOT = 0;
/** Numbers that one state takes in `Automaton.cells`. */
export const CELL = 4;
/** Place of the offset of the state that a state was reached from. */
export const PARENT = 0;
/** Place of the offset that a symbol is added to for the next state. */
export const BASE = 1;
/** Place of the offset of the longest proper suffix that is a state too. */
export const FAIL = 2;
/** Place of the first output, plus one; 0 when nothing ends at the state. */
export const OUTPUT = 3;

const FREE = -1;
const MAX_SYMBOL = 0xffff;
/** Free slots tried for a set of children before the end of the array is taken. */
const MAX_TRIES = 24;

/**
 * Aho-Corasick automaton over small integer symbols, built once and then immutable: a double array, so that a
 * transition is two reads of one cache line. States are offsets into `cells`.
 * Source: Aho & Corasick, "Efficient string matching", CACM 18(6), 1975; Aoe, "An efficient digital search algorithm by
 * using a double-array structure", IEEE TSE 15(9), 1989.
 */
export class Automaton {
  /** Four numbers per state: see `PARENT`, `BASE`, `FAIL`, `OUTPUT`. The next state is `BASE + symbol * CELL` if its `PARENT` is the state. */
  readonly cells: Int32Array;
  /** Pattern of an output. */
  readonly outputPattern: Int32Array;
  /** Next output of the same state plus one, 0 at the end; includes those of every suffix. */
  readonly outputNext: Int32Array;
  /** Greatest symbol of the patterns; greater ones must not be fed. */
  readonly greatestSymbol: number;
  /** States in breadth-first order, the root left out. */
  readonly #order: Int32Array;
  readonly #depth: Uint16Array;
  readonly #slots: number;

  /**
   * Builds from patterns of symbols from 1 up. O(total pattern length), and the search for free slots.
   * @throws {RangeError} when a symbol is greater than 65,535.
   */
  constructor(patterns: readonly (readonly number[])[]) {
    const keys = patterns.map(toKey);
    const sorted = Uint32Array.from(keys.keys()).sort((a, b) => compare(keys[a] ?? '', keys[b] ?? ''));
    const builder = new Builder(keys, sorted);
    builder.build();
    // A base plus the greatest symbol stays inside, so that no read of the scan is out of bounds.
    this.cells = new Int32Array((builder.slots + builder.greatest + 1) * CELL).fill(FREE);
    this.cells.set(builder.cells.subarray(0, builder.slots * CELL));
    this.outputPattern = builder.outputPattern;
    this.outputNext = builder.outputNext;
    this.#order = builder.order.slice(0, builder.states);
    this.#depth = builder.depth.slice(0, builder.slots);
    this.greatestSymbol = builder.greatest;
    this.#slots = builder.slots;
  }

  /** State after reading a symbol; amortized O(1). The scanner holds a copy of this loop. */
  next(from: number, symbol: number): number {
    const { cells } = this;
    const step = symbol * CELL;
    let state = from;
    for (;;) {
      const to = (cells[state + BASE] ?? 0) + step;
      if (cells[to] === state) return to;
      if (state === ROOT) return ROOT;
      state = cells[state + FAIL] ?? ROOT;
    }
  }

  /** Patterns that end at a state, all overlapping ones. */
  *outputs(state: number): Generator<number> {
    let output = this.cells[state + OUTPUT] ?? 0;
    while (output !== 0) {
      yield this.outputPattern[output - 1] ?? 0;
      output = this.outputNext[output - 1] ?? 0;
    }
  }

  /** How many symbols back the longest unfinished pattern begins. */
  depth(state: number): number {
    return this.#depth[state / CELL] ?? 0;
  }

  /** Number of states, the root included. */
  get size(): number {
    return this.#order.length + 1;
  }

  /** Bytes of the tables. */
  get bytes(): number {
    const { cells, outputPattern, outputNext } = this;
    return (
      cells.byteLength +
      outputPattern.byteLength +
      outputNext.byteLength +
      this.#order.byteLength +
      this.#depth.byteLength
    );
  }

  /**
   * How many symbols back, per state (at `state / CELL`), the longest unfinished pattern begins of those that `counts`;
   * `stays` says of a pattern that ends at a state whether a repetition of its last symbol may still complete it.
   */
  openDepths(counts: (pattern: number) => boolean, stays: (pattern: number) => boolean): Uint16Array {
    const { cells } = this;
    const open = new Uint8Array(this.#slots);
    for (let index = this.#order.length - 1; index >= 0; index -= 1) {
      const state = this.#order[index] ?? ROOT;
      const inherited = cells[(cells[state + FAIL] ?? ROOT) + OUTPUT] ?? 0;
      let ends = false;
      for (let output = cells[state + OUTPUT] ?? 0; output !== inherited; output = this.outputNext[output - 1] ?? 0) {
        const pattern = this.outputPattern[output - 1] ?? 0;
        if (!counts(pattern)) continue;
        ends = true;
        if (stays(pattern)) open[state / CELL] = 1;
      }
      if (ends || open[state / CELL] === 1) open[(cells[state + PARENT] ?? ROOT) / CELL] = 1;
    }
    const depths = new Uint16Array(this.#slots);
    for (const state of this.#order) {
      const slot = state / CELL;
      depths[slot] = open[slot] === 1 ? (this.#depth[slot] ?? 0) : (depths[(cells[state + FAIL] ?? ROOT) / CELL] ?? 0);
    }
    return depths;
  }
}

function toKey(pattern: readonly number[]): string {
  for (const symbol of pattern) {
    if (symbol < 1 || symbol > MAX_SYMBOL) throw new RangeError(`symbol ${symbol} is not in 1..${MAX_SYMBOL}`);
  }
  let key = '';
  for (const symbol of pattern) key += String.fromCharCode(symbol);
  return key;
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Mutable state of one construction. */
class Builder {
  cells: Int32Array;
  depth: Uint16Array;
  readonly order: Int32Array;
  readonly outputPattern: Int32Array;
  readonly outputNext: Int32Array;
  slots = 1;
  states = 0;
  /** Greatest symbol of all. */
  greatest = 0;
  readonly #keys: readonly string[];
  readonly #sorted: Uint32Array;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  #outputs = 0;
  /** Per slot itself if it is free, else a greater slot with no free one between. */
  #free = new Int32Array(0);
  /** Where the search for several free slots begins. */
  #searchFrom = 1;

  constructor(keys: readonly string[], sorted: Uint32Array) {
    this.#keys = keys;
    this.#sorted = sorted;
    let most = 0;
    let previous = '';
    for (const index of sorted) {
      const key = keys[index] ?? '';
      let shared = 0;
      while (shared < key.length && key.charCodeAt(shared) === previous.charCodeAt(shared)) shared += 1;
      most += key.length - shared;
      previous = key;
    }
    this.order = new Int32Array(most);
    this.#first = new Int32Array(most + 1);
    this.#last = new Int32Array(most + 1);
    this.outputPattern = new Int32Array(keys.length);
    this.outputNext = new Int32Array(keys.length);
    this.cells = new Int32Array(0);
    this.depth = new Uint16Array(0);
    this.#grow(Math.max(1024, most + (most >> 2)));
  }

  build(): void {
    this.#last[0] = this.#sorted.length;
    this.#expand(ROOT, 0);
    for (let index = 0; index < this.states; index += 1) this.#expand(this.order[index] ?? ROOT, index + 1);
  }

  /** Gives a state its outputs and its children; `rank` is its place in `#first` and `#last`. */
  #expand(state: number, rank: number): void {
    const depth = this.depth[state / CELL] ?? 0;
    const last = this.#last[rank] ?? 0;
    let at = this.#first[rank] ?? 0;
    const fail = this.cells[state + FAIL] ?? ROOT;
    let output = state === ROOT ? 0 : (this.cells[fail + OUTPUT] ?? 0);
    for (; at < last && this.#key(at).length === depth; at += 1) {
      this.outputPattern[this.#outputs] = this.#sorted[at] ?? 0;
      this.outputNext[this.#outputs] = output;
      this.#outputs += 1;
      output = this.#outputs;
    }
    this.cells[state + OUTPUT] = output;
    const symbols: number[] = [];
    const starts: number[] = [];
    for (; at < last; at += 1) {
      const symbol = this.#key(at).charCodeAt(depth);
      if (symbols.at(-1) === symbol) continue;
      symbols.push(symbol);
      starts.push(at);
    }
    if (symbols.length === 0) return;
    starts.push(last);
    const base = this.#place(symbols);
    this.cells[state + BASE] = base * CELL;
    symbols.forEach((symbol, index) => {
      const slot = base + symbol;
      const child = slot * CELL;
      this.cells[child + PARENT] = state;
      this.depth[slot] = depth + 1;
      this.slots = Math.max(this.slots, slot + 1);
      this.order[this.states] = child;
      this.states += 1;
      this.#first[this.states] = starts[index] ?? 0;
      this.#last[this.states] = starts[index + 1] ?? 0;
    });
    // After all children have their place: the suffix of a child may be a child of the same state.
    for (const symbol of symbols) this.cells[(base + symbol) * CELL + FAIL] = this.#failOf(state, symbol);
  }

  #failOf(parent: number, symbol: number): number {
    if (parent === ROOT) return ROOT;
    let state = this.cells[parent + FAIL] ?? ROOT;
    for (;;) {
      const to = (this.cells[state + BASE] ?? 0) + symbol * CELL;
      if (this.cells[to] === state) return to;
      if (state === ROOT) return ROOT;
      state = this.cells[state + FAIL] ?? ROOT;
    }
  }

  #key(at: number): string {
    return this.#keys[this.#sorted[at] ?? 0] ?? '';
  }

  /** Finds a base that puts every symbol on a free slot. */
  #place(symbols: readonly number[]): number {
    const least = symbols[0] ?? 1;
    const most = symbols.at(-1) ?? least;
    this.greatest = Math.max(this.greatest, most);
    let slot = this.#freeFrom(Math.max(least, symbols.length === 1 ? 1 : this.#searchFrom));
    for (let tries = 1; ; tries += 1) {
      // Where nearly nothing is free no set of children will fit: leave it to single children.
      if (tries > MAX_TRIES) {
        this.#searchFrom = Math.max(this.#searchFrom, slot);
        slot = this.#freeFrom(Math.max(least, this.slots));
        tries = 0;
      }
      if (slot - least + most >= this.depth.length) this.#grow((slot - least + most + 1) * 2);
      const base = slot - least;
      if (symbols.every((symbol) => this.#freeFrom(base + symbol) === base + symbol)) {
        for (const symbol of symbols) this.#free[base + symbol] = base + symbol + 1;
        return base;
      }
      slot = this.#freeFrom(slot + 1);
    }
  }

  /** Least free slot from `slot` on; shortens the way for the next call. */
  #freeFrom(slot: number): number {
    let found = slot;
    for (let next = this.#free[found] ?? found; next !== found; next = this.#free[found] ?? found) found = next;
    for (let at = slot; at < found; ) {
      const next = this.#free[at] ?? found;
      this.#free[at] = found;
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
