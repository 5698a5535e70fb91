import { BASE, CELL, FAIL, FREE, OUTPUT, ROOT } from './cells.js';
import { DoubleArrayBuilder } from './double-array-builder.js';
import { type Depths, narrowed } from './open-depths.js';
import { type SymbolTable, Trie } from './trie.js';

/** Everything that an automaton is made of. */
export interface AutomatonTables {
  readonly cells: Int32Array;
  readonly outputPattern: Int32Array;
  readonly outputNext: Int32Array;
  /** Per state, at `state / CELL`, its distance from the root. */
  readonly depths: Depths;
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
  /** Per state, at `state / CELL`, its distance from the root. */
  readonly depths: Depths;
  #size: number | undefined;

  /** Takes over tables that were built before. */
  constructor({ cells, outputPattern, outputNext, depths }: AutomatonTables) {
    this.cells = cells;
    this.outputPattern = outputPattern;
    this.outputNext = outputNext;
    this.depths = depths;
  }

  /** Builds from patterns of symbols from 1 to 65,535. O(total pattern length), and the search for free slots. */
  static build(patterns: SymbolTable): Automaton {
    const builder = new DoubleArrayBuilder(new Trie(patterns));
    builder.build();
    // A base plus the greatest symbol stays inside, so that no read of the scan is out of bounds.
    const cells = new Int32Array((builder.slots + builder.greatest + 1) * CELL).fill(FREE);
    cells.set(builder.cells.subarray(0, builder.slots * CELL));
    const { outputPattern, outputNext } = builder;
    return new Automaton({ cells, outputPattern, outputNext, depths: narrowed(builder.depth.slice(0, builder.slots)) });
  }

  /** The tables, for another thread or process to take over. */
  get tables(): AutomatonTables {
    const { cells, outputPattern, outputNext, depths } = this;
    return { cells, outputPattern, outputNext, depths };
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
    return this.depths[state / CELL] ?? 0;
  }

  /** Number of states, the root included. */
  get size(): number {
    if (this.#size === undefined) {
      let size = 1;
      for (let state = CELL; state < this.cells.length; state += CELL) if (this.cells[state] !== FREE) size += 1;
      this.#size = size;
    }
    return this.#size;
  }

  /** Bytes of the tables. */
  get bytes(): number {
    const { cells, outputPattern, outputNext, depths } = this;
    return cells.byteLength + outputPattern.byteLength + outputNext.byteLength + depths.byteLength;
  }
}
