import { createHook } from 'node:async_hooks';
import Bottleneck from 'bottleneck';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtLimits } from '../support/built.js';
import { expectEqual, race, raceAsync } from '../support/measure.js';

/** What a limit costs a request that it lets through. */
export const benchmark: Benchmark = {
  about:
    'A request within its limits, counted in the process: a client, a turn at the backend; beside rate-limiter-flexible and Bottleneck; bound: a look-up in a map.',
  run: measureLimits,
};

const CLIENTS = 10_000;
const RULE = { maxRequests: 1_000_000_000, perSeconds: 60 };
const BOUNDS = { maxConcurrent: 64, maxQueued: 64 };
const MICROSECONDS = 1_000;

async function measureLimits(): Promise<Measurement[]> {
  checkAnswers();
  return [...(await measureClients()), ...(await measureTurns()), ...(await countTimers())];
}

/** A limit that lets everything through would be fast. */
function checkAnswers(): void {
  const { ClientCounts, TurnQueue } = builtLimits();
  const counts = new ClientCounts({ maxRequests: 5, perSeconds: 60 });
  const admitted = Array.from({ length: 20 }, () => counts.admit('one')).filter((wait) => wait === undefined);
  expectEqual('requests admitted of 20 with a limit of 5', admitted.length, 5);
  const queue = new TurnQueue({ maxConcurrent: 3, maxQueued: 100 });
  const signal = new AbortController().signal;
  const begun = Array.from({ length: 8 }, () => queue.take(signal)).filter((turn) => typeof turn === 'function');
  expectEqual('turns begun of 8 with room for 3', begun.length, 3);
}

async function measureClients(): Promise<Measurement[]> {
  const { ClientCounts } = builtLimits();
  const names = Array.from({ length: CLIENTS }, (_, index) => `client-${index * 7919}`);
  let at = 0;
  const next = (): string => {
    at = (at + 1) % CLIENTS;
    return names[at] ?? '';
  };
  const map = new Map(names.map((name) => [name, { requests: 0 }]));
  const counts = new ClientCounts(RULE);
  const flexible = new RateLimiterMemory({ points: RULE.maxRequests, duration: RULE.perSeconds });
  let sum = 0;
  const ms = race({
    'map look-up': () => {
      sum += map.get(next())?.requests ?? 0;
    },
    ours: () => {
      sum += counts.admit(next()) ?? 0;
    },
  });
  expectEqual('clients refused', sum, 0);
  const peer = await raceAsync({ flexible: () => flexible.consume(next()) }, { calls: 20_000, turns: 15 });
  for (const name of names) await flexible.delete(name);
  return [
    {
      case: 'limits.client, 10,000 clients',
      metric: 'time per request',
      value: ms.ours * MICROSECONDS,
      unit: 'µs',
      ratios: { 'map look-up': ms.ours / ms['map look-up'], 'rate-limiter-flexible': ms.ours / peer.flexible },
    },
  ];
}

async function measureTurns(): Promise<Measurement[]> {
  const { TurnQueue } = builtLimits();
  const signal = new AbortController().signal;
  const results: Measurement[] = [];
  for (const [name, extra] of [
    ['maxConcurrent', {}],
    ['maxConcurrent and maxPerSecond', { maxPerSecond: 1_000 }],
  ] as const) {
    const queue = new TurnQueue({ ...BOUNDS, ...extra });
    const minTime = name === 'maxConcurrent' ? 0 : 1;
    const limiter = new Bottleneck({ maxConcurrent: BOUNDS.maxConcurrent, highWater: BOUNDS.maxQueued, minTime });
    const turn = async (): Promise<void> => (await queue.take(signal))();
    // Turns of a rate wait for it: what they cost is processor time, which the race takes where it is the smaller.
    const calls = name === 'maxConcurrent' ? 400 : 100;
    const ours = await raceAsync({ ours: turn }, { calls: name === 'maxConcurrent' ? 20_000 : calls, turns: 10 });
    const peer = await raceAsync({ bottleneck: () => limiter.schedule(async () => undefined) }, { calls, turns: 5 });
    results.push({
      case: `limits.upstream, ${name}`,
      metric: 'time per turn',
      value: ours.ours * MICROSECONDS,
      unit: 'µs',
      ratios: { Bottleneck: ours.ours / peer.bottleneck },
    });
  }
  return results;
}

async function countTimers(): Promise<Measurement[]> {
  const { ClientCounts, TurnQueue } = builtLimits();
  const signal = new AbortController().signal;
  const counts = new ClientCounts(RULE);
  const queue = new TurnQueue(BOUNDS);
  const ours = await timersOf(async (request) => {
    counts.admit(`client-${request}`);
    (await queue.take(signal))();
  });
  const flexible = new RateLimiterMemory({ points: RULE.maxRequests, duration: RULE.perSeconds });
  const limiter = new Bottleneck({ maxConcurrent: BOUNDS.maxConcurrent, highWater: BOUNDS.maxQueued });
  const peers = await timersOf(async (request) => {
    await flexible.consume(`client-${request}`);
    await limiter.schedule(async () => undefined);
  });
  return [
    {
      case: 'limits.client and limits.upstream',
      metric: 'timers per request',
      value: ours,
      unit: '',
      ratios: { 'rate-limiter-flexible and Bottleneck': ours / peers },
    },
  ];
}

/** Timers that are set per call. */
async function timersOf(call: (request: number) => Promise<void>): Promise<number> {
  const CALLS = 500;
  let timers = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'Timeout') timers += 1;
    },
  }).enable();
  for (let request = 0; request < CALLS; request += 1) await call(request);
  hook.disable();
  return timers / CALLS;
}
