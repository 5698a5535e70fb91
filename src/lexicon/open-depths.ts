import type { Automaton } from './automaton.js';
import { CELL, FAIL, FREE, OUTPUT, PARENT, ROOT } from './cells.js';

/** A number of symbols per state, at `state / CELL`; one byte each where that is enough. */
export type Depths = Uint8Array | Uint16Array;

/** States that are read in one step: less than a millisecond. */
const STEP_STATES = 1 << 13;
const MAX_BYTE = 0xff;
const MAX_DEPTH = 0xffff;

/** Which patterns depths are for. */
export interface OpenDepthsOptions {
  readonly counts: (pattern: number) => boolean;
  /** Whether a pattern that ends at a state may still complete there. */
  readonly stays: (pattern: number) => boolean;
}

/** The same numbers in as few bytes as the greatest needs. */
export function narrowed(depths: Uint16Array): Depths {
  for (const depth of depths) if (depth > MAX_BYTE) return depths;
  return Uint8Array.from(depths);
}

/**
 * How many symbols back, per state, the longest unfinished pattern begins of those that count. In steps, between which a process may do
 * other things: with a hundred thousand terms all of them take tens of milliseconds.
 */
export function* openDepths(automaton: Automaton, { counts, stays }: OpenDepthsOptions): Generator<void, Depths> {
  const { cells, outputPattern, outputNext, depths: depth } = automaton;
  const order = yield* breadthFirst(automaton);
  const open = new Uint8Array(depth.length);
  for (let index = order.length - 1; index >= 0; index -= 1) {
    if (index % STEP_STATES === 0) yield;
    const state = order[index] ?? ROOT;
    const inherited = cells[(cells[state + FAIL] ?? ROOT) + OUTPUT] ?? 0;
    let ends = false;
    for (let output = cells[state + OUTPUT] ?? 0; output !== inherited; output = outputNext[output - 1] ?? 0) {
      const pattern = outputPattern[output - 1] ?? 0;
      if (!counts(pattern)) continue;
      ends = true;
      if (stays(pattern)) open[state / CELL] = 1;
    }
    if (ends || open[state / CELL] === 1) open[(cells[state + PARENT] ?? ROOT) / CELL] = 1;
  }
  const found = depth instanceof Uint8Array ? new Uint8Array(depth.length) : new Uint16Array(depth.length);
  for (let index = 0; index < order.length; index += 1) {
    if (index % STEP_STATES === 0) yield;
    const state = order[index] ?? ROOT;
    const slot = state / CELL;
    found[slot] = open[slot] === 1 ? (depth[slot] ?? 0) : (found[(cells[state + FAIL] ?? ROOT) / CELL] ?? 0);
  }
  return found;
}

/** Runs all steps at once. */
export function runSteps<Result>(steps: Generator<void, Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** For the next set of thresholds, which mostly comes at once, unless the memory is wanted before. */
const orders = new WeakMap<Automaton, WeakRef<Int32Array>>();

/** States by their distance from the root, which is left out. A table of them would be kept for these few calls alone. */
function* breadthFirst(automaton: Automaton): Generator<void, Int32Array> {
  const known = orders.get(automaton)?.deref();
  if (known !== undefined) return known;
  const { cells, depths, size } = automaton;
  const next = new Int32Array((depths instanceof Uint8Array ? MAX_BYTE : MAX_DEPTH) + 2);
  for (let slot = 0; slot < depths.length; slot += 1) {
    if (slot % STEP_STATES === 0) yield;
    if (cells[slot * CELL] === FREE) continue;
    const after = (depths[slot] ?? 0) + 1;
    next[after] = (next[after] ?? 0) + 1;
  }
  for (let depth = 1; depth < next.length; depth += 1) next[depth] = (next[depth] ?? 0) + (next[depth - 1] ?? 0);
  const order = new Int32Array(size - 1);
  for (let slot = 0; slot < depths.length; slot += 1) {
    if (slot % STEP_STATES === 0) yield;
    if (cells[slot * CELL] === FREE) continue;
    const depth = depths[slot] ?? 0;
    const at = next[depth] ?? 0;
    next[depth] = at + 1;
    order[at] = slot * CELL;
  }
  orders.set(automaton, new WeakRef(order));
  return order;
}
