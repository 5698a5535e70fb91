/** How long contenders are raced. */
export interface RaceOptions {
  /** Milliseconds that each contender gets, in turns. */
  readonly budgetMs?: number;
}

/** A turn is as many calls as take so long: short enough that most turns are not interrupted on a busy machine. */
const TURN_MS = 1;
const BUDGET_MS = 600;
const FEWEST_TURNS = 5;
/** Most time that each contender gets first, so that it is compiled before it counts. */
const WARM_UP_MS = 150;

/**
 * Milliseconds of one call of each contender: the fastest of many short turns, in which all run one after the other. What else the
 * machine does can only add to a turn, and falls on all of them alike; so the ratios hold on a busy machine too.
 */
export function race<Name extends string>(
  contenders: Readonly<Record<Name, () => void>>,
  { budgetMs = BUDGET_MS }: RaceOptions = {},
): Record<Name, number> {
  const lanes = Object.entries<() => void>(contenders).map(([name, call]) => {
    const once = timed(call, 1);
    const calls = warmUp(call, { firstMs: once, budgetMs: Math.min(WARM_UP_MS, budgetMs) });
    return { name, call, calls, fastest: Number.POSITIVE_INFINITY, spent: 0 };
  });
  for (let turn = 0; turn < FEWEST_TURNS || lanes.some(({ spent }) => spent < budgetMs); turn += 1) {
    for (const lane of lanes) {
      if (turn >= FEWEST_TURNS && lane.spent >= budgetMs) continue;
      const ms = timed(lane.call, lane.calls);
      lane.fastest = Math.min(lane.fastest, ms);
      lane.spent += ms * lane.calls;
    }
  }
  return Object.fromEntries(lanes.map(({ name, fastest }) => [name, fastest])) as Record<Name, number>;
}

/** Calls that make a turn, once the contender is compiled. */
function warmUp(call: () => void, { firstMs, budgetMs }: { firstMs: number; budgetMs: number }): number {
  let perCall = firstMs;
  for (let spent = firstMs; spent < budgetMs; ) {
    const calls = Math.max(1, Math.round(TURN_MS / perCall));
    const ms = timed(call, calls);
    perCall = Math.min(perCall, ms);
    spent += Math.max(ms * calls, 0.01);
  }
  return Math.max(1, Math.round(TURN_MS / perCall));
}

/** Milliseconds per call: the smaller of wall time and processor time, for others that run add to the first alone, our threads to the second. */
function timed(call: () => void, calls: number): number {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let nth = 0; nth < calls; nth += 1) call();
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return Math.min(wallMs, (user + system) / 1000 || wallMs) / calls;
}

/** As `race`, for contenders that answer later. Each is called `calls` times, one after the other, in each of `turns` turns. */
export async function raceAsync<Name extends string>(
  contenders: Readonly<Record<Name, () => unknown>>,
  { calls, turns }: { readonly calls: number; readonly turns: number },
): Promise<Record<Name, number>> {
  const fastest = new Map<string, number>();
  for (let turn = -1; turn < turns; turn += 1) {
    for (const [name, call] of Object.entries<() => unknown>(contenders)) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      for (let nth = 0; nth < calls; nth += 1) await call();
      const wallMs = performance.now() - start;
      const { user, system } = process.cpuUsage(cpu);
      const ms = Math.min(wallMs, (user + system) / 1000 || wallMs) / calls;
      // The first turn is for the compiler.
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
