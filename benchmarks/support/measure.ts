/** How long contenders are raced. */
export interface RaceOptions {
  /** Turns of each contender that count. */
  readonly rounds?: number;
  /** Turns before them that do not. */
  readonly warmUp?: number;
  /** Calls in a turn: as many as make it a millisecond or more. */
  readonly calls?: number;
}

/** Turns that count when nothing is said. */
const ROUNDS = 15;
const WARM_UP = 2;

/**
 * Milliseconds of one call of each contender: the fastest of many turns, in which all run one after the other. What else the machine
 * does can only add to a turn, and falls on all of them alike; so the ratios hold on a busy machine too.
 */
export function race<Name extends string>(
  contenders: Readonly<Record<Name, () => void>>,
  { rounds = ROUNDS, warmUp = WARM_UP, calls = 1 }: RaceOptions = {},
): Record<Name, number> {
  const fastest = new Map<string, number>();
  for (let turn = -warmUp; turn < rounds; turn += 1) {
    for (const [name, call] of Object.entries<() => void>(contenders)) {
      const start = performance.now();
      for (let nth = 0; nth < calls; nth += 1) call();
      const ms = (performance.now() - start) / calls;
      if (turn >= 0) fastest.set(name, Math.min(ms, fastest.get(name) ?? ms));
    }
  }
  return Object.fromEntries(fastest) as Record<Name, number>;
}

/** As `race`, for contenders that answer later; each call is awaited before the next. */
export async function raceAsync<Name extends string>(
  contenders: Readonly<Record<Name, () => unknown>>,
  { rounds = ROUNDS, warmUp = WARM_UP, calls = 1 }: RaceOptions = {},
): Promise<Record<Name, number>> {
  const fastest = new Map<string, number>();
  for (let turn = -warmUp; turn < rounds; turn += 1) {
    for (const [name, call] of Object.entries<() => unknown>(contenders)) {
      const start = performance.now();
      for (let nth = 0; nth < calls; nth += 1) await call();
      const ms = (performance.now() - start) / calls;
      if (turn >= 0) fastest.set(name, Math.min(ms, fastest.get(name) ?? ms));
    }
  }
  return Object.fromEntries(fastest) as Record<Name, number>;
}

let sink = 0;

/** A bare pass over the UTF-16 units of a text: the bound of everything that reads it once. */
export function passOver(text: string): void {
  let mixed = 0;
  for (let at = 0; at < text.length; at += 1) mixed ^= text.charCodeAt(at);
  sink ^= mixed;
  if (Number.isNaN(sink)) throw new Error('unreachable');
}

/** Million UTF-16 units a second. */
export function megaChars(text: string, ms: number): number {
  return text.length / ms / 1000;
}

/** Fails a benchmark whose answer is not the expected one. */
export function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: expected ${String(expected)}, found ${String(found)}`);
}
