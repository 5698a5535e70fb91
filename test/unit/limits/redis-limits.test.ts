import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { EndTurn } from '../../../src/core/index.js';
import { OWN_LIMITS } from '../../../src/limits/index.js';
import { RedisLimits } from '../../../src/limits/redis-limits.js';
import { quiet } from '../../support/quiet.js';
import { describeRedis, REDIS_URL } from '../../support/redis.js';
import { TcpGate } from '../../support/tcp-gate.js';
import { until } from '../../support/until.js';

jest.setTimeout(60_000);

const never = (): AbortSignal => new AbortController().signal;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describeRedis('turns that replicas share over Redis', () => {
  const prefix = `sluice-test-${randomBytes(4).toString('hex')}:`;
  const opened: RedisLimits[] = [];
  const gates: TcpGate[] = [];
  let count = 0;
  let unshared = 0;

  beforeEach(() => {
    count += 1;
    unshared = 0;
  });
  afterEach(() => {
    for (const limits of opened.splice(0)) limits.close();
    for (const gate of gates.splice(0)) gate.stop();
  });
  afterAll(async () => {
    const redis = new Redis(REDIS_URL);
    const keys = await redis.keys(`*${prefix}*`);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
  });

  /** A replica, and what stands between it and Redis. */
  async function replica(): Promise<{ limits: RedisLimits; gate: TcpGate }> {
    const url = new URL(REDIS_URL);
    const gate = await TcpGate.start({ host: url.hostname, port: Number(url.port || 6379) });
    gates.push(gate);
    url.hostname = '127.0.0.1';
    url.port = String(gate.port);
    const limits = new RedisLimits({
      address: { url: url.href, password: undefined, prefix: `${prefix}${count}:` },
      own: OWN_LIMITS,
      logger: quiet,
      timing: { heartbeatMs: 200, goneAfterMs: 5_000 },
      onUnshared: () => {
        unshared += 1;
      },
    });
    opened.push(limits);
    // Nothing is connected before somebody wants turns.
    limits.turns('probe', { maxConcurrent: 1, maxQueued: 0 });
    await until(() => limits.healthy);
    return { limits, gate };
  }

  it('are as many at one time as for one alone, and everybody has one in the end', async () => {
    const [one, other] = [await replica(), await replica()];
    const bounds = { maxConcurrent: 3, maxQueued: 50 };
    const turns = [one, other].map(({ limits }) => limits.turns('x', bounds));
    const running: EndTurn[] = [];
    const taken = Array.from({ length: 12 }, async (_, index) => running.push(await turns[index % 2]!.take(never())));
    for (let ended = 0; ended < 12; ended += 1) {
      await until(() => running.length === Math.min(3, 12 - ended));
      if (ended === 0) await pause(200);
      expect(running.length).toBeLessThanOrEqual(3);
      running.shift()?.();
    }
    await Promise.all(taken);
    expect(unshared).toBe(0);
  });

  it('begin at one rate', async () => {
    const [one, other] = [await replica(), await replica()];
    const bounds = { maxConcurrent: 100, maxQueued: 100, maxPerSecond: 20 };
    const turns = [one, other].map(({ limits }) => limits.turns('x', bounds));
    const starts: number[] = [];
    const take = async (index: number): Promise<void> => {
      const end = await turns[index % 2]!.take(never());
      starts.push(performance.now());
      end();
    };
    await Promise.all(Array.from({ length: 12 }, (_, index) => take(index)));
    // Eleven spaces of 50 ms; the first is taken whenever both are there. A busy machine can only make it longer.
    expect(Math.max(...starts) - Math.min(...starts)).toBeGreaterThan(11 * 50 - 60);
  });

  it('are refused where too many wait, and those who leave take none', async () => {
    const { limits } = await replica();
    const turns = limits.turns('x', { maxConcurrent: 1, maxQueued: 1 });
    const end = await turns.take(never());
    const leaver = new AbortController();
    const leaving = turns.take(leaver.signal);
    await until(() => turns.waiting === 1);
    leaver.abort(new Error('left'));
    await expect(leaving).rejects.toThrow('left');
    const waiting = turns.take(never());
    await until(() => turns.waiting === 1);
    await expect(turns.take(never())).rejects.toMatchObject({ code: 'ERR_SLUICE_OVERLOADED' });
    end();
    (await waiting)();
    await expect(turns.take(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });

  it('are for each client apart where they are bound for each', async () => {
    const [one, other] = [await replica(), await replica()];
    const bounds = { maxConcurrent: 1, maxQueued: 5 };
    const [here, there] = [one, other].map(({ limits }) => limits.clientTurns('x', bounds));
    const end = await here?.take('a', never());
    const order: string[] = [];
    const second = Promise.resolve(there?.take('a', never())).then((ended) => {
      order.push('a');
      ended?.();
    });
    (await there?.take('b', never()))?.();
    order.push('b');
    end?.();
    await second;
    expect(order).toEqual(['b', 'a']);
  });

  it('of a replica that died are free after a while', async () => {
    const [one, other] = [await replica(), await replica()];
    const bounds = { maxConcurrent: 2, maxQueued: 5 };
    const dead = one.limits.turns('x', bounds);
    await dead.take(never());
    await dead.take(never());
    // As kill -9: nothing of it reaches Redis any more.
    one.gate.shut();
    const turns = other.limits.turns('x', bounds);
    const taken = turns.take(never());
    await until(() => turns.waiting === 1);
    // Several heartbeats long nobody can tell whether it is dead.
    await pause(1_000);
    expect(turns.waiting).toBe(1);
    await taken;
    await turns.take(never());
    expect(turns.waiting).toBe(0);
  });

  it.each(['shut', 'hang'] as const)(
    'are handed out by each replica while Redis is away (%s), and shared again',
    async (how) => {
      const [one, other] = [await replica(), await replica()];
      const bounds = { maxConcurrent: 1, maxQueued: 5 };
      const [here, there] = [one.limits.turns('x', bounds), other.limits.turns('x', bounds)];
      const held = await here.take(never());
      const waiting = there.take(never());
      await until(() => there.waiting === 1);
      other.gate[how]();
      // Whoever waits gets a turn of its own replica, and nobody waits for Redis.
      const end = await waiting;
      await until(() => !other.limits.healthy);
      end();
      for (let turn = 0; turn < 5; turn += 1) (await there.take(never()))();
      expect(unshared).toBe(6);
      // Every turn came while Redis still was away, so none had waited for it.
      expect(other.limits.healthy).toBe(false);
      other.gate.open();
      await until(() => other.limits.healthy);
      const shared = there.take(never());
      await until(() => there.waiting === 1);
      await pause(300);
      expect(there.waiting).toBe(1);
      held();
      (await shared)();
      expect(unshared).toBe(6);
    },
  );

  it('that were taken when Redis went are ended without it', async () => {
    const { limits, gate } = await replica();
    const turns = limits.turns('x', { maxConcurrent: 2, maxQueued: 5 });
    const ends: EndTurn[] = [await turns.take(never()), await turns.take(never())];
    gate.shut();
    await until(() => !limits.healthy);
    for (const end of ends) end();
    gate.open();
    await until(() => limits.healthy);
    // What could not be told to Redis is free once the earlier connection is taken for dead.
    (await turns.take(never()))();
    (await turns.take(never()))();
    expect(unshared).toBe(0);
  });
});

describe('turns over a Redis that never was there', () => {
  it('are those of the process', async () => {
    let unshared = 0;
    const limits = new RedisLimits({
      address: { url: 'redis://127.0.0.1:1', password: undefined, prefix: 'x:' },
      own: OWN_LIMITS,
      logger: quiet,
      onUnshared: () => {
        unshared += 1;
      },
    });
    const turns = limits.turns('x', { maxConcurrent: 1, maxQueued: 1 });
    const end = await turns.take(never());
    const waiting = turns.take(never());
    await expect(turns.take(never())).rejects.toMatchObject({ code: 'ERR_SLUICE_OVERLOADED' });
    end();
    (await waiting)();
    expect(limits.healthy).toBe(false);
    expect(unshared).toBe(3);
    limits.close();
  });
});
