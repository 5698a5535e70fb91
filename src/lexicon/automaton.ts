import { BASE, CELL, FAIL, FREE, OUTPUT, PARENT, ROOT } from './cells.js';
import { DoubleArrayBuilder } from './double-array-builder.js';
import { type SymbolTable, Trie } from './trie.js';

/** Everything that an automaton is made of. */
export interface AutomatonTables {
  readonly cells: Int32Array;
  readonly outputPattern: Int32Array;
  readonly outputNext: Int32Array;
  /** States in breadth-first order, the root left out. */
  readonly order: Int32Array;
  /** Per state, at `state / CELL`, its distance from the root. */
  readonly depth: Uint16Array;
}

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
  /** States in breadth-first order, the root left out. */
  readonly #order: Int32Array;
  readonly #depth: Uint16Array;

  /** Takes over tables that were built before. */
  constructor({ cells, outputPattern, outputNext, order, depth }: AutomatonTables) {
    this.cells = cells;
    this.outputPattern = outputPattern;
    this.outputNext = outputNext;
    this.#order = order;
    this.#depth = depth;
  }

  /** Builds from patterns of symbols from 1 to 65,535. O(total pattern length), and the search for free slots. */
  static build(patterns: SymbolTable): Automaton {
    const builder = new DoubleArrayBuilder(new Trie(patterns));
    builder.build();
    // A base plus the greatest symbol stays inside, so that no read of the scan is out of bounds.
    const cells = new Int32Array((builder.slots + builder.greatest + 1) * CELL).fill(FREE);
    cells.set(builder.cells.subarray(0, builder.slots * CELL));
    const { outputPattern, outputNext, order } = builder;
    return new Automaton({ cells, outputPattern, outputNext, order, depth: builder.depth.slice(0, builder.slots) });
  }

  /** The tables, for another process to take over. */
  get tables(): AutomatonTables {
    const { cells, outputPattern, outputNext } = this;
    return { cells, outputPattern, outputNext, order: this.#order, depth: this.#depth };
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
   * `stays` says of a pattern that ends at a state whether it may still complete there.
   */
  openDepths(counts: (pattern: number) => boolean, stays: (pattern: number) => boolean): Uint16Array {
    const { cells } = this;
    const open = new Uint8Array(this.#depth.length);
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
    const depths = new Uint16Array(this.#depth.length);
    for (const state of this.#order) {
      const slot = state / CELL;
      depths[slot] = open[slot] === 1 ? (this.#depth[slot] ?? 0) : (depths[(cells[state + FAIL] ?? ROOT) / CELL] ?? 0);
    }
    return depths;
  }
}
