import fc from 'fast-check';
import type { EndTurn } from '../../../src/core/index.js';
import { TurnQueue } from '../../../src/limits/index.js';

const never = new AbortController().signal;

describe('TurnQueue', () => {
  it('gives a turn at once, without a promise or a timer, while there is one', () => {
    jest.useFakeTimers();
    const queue = new TurnQueue({ maxConcurrent: 2, maxQueued: 0 });
    for (let round = 0; round < 100; round += 1) {
      const end = queue.take(never);
      expect(end).toBeInstanceOf(Function);
      (end as EndTurn)();
    }
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  it('gives turns in order of arrival, so many at one time', async () => {
    const queue = new TurnQueue({ maxConcurrent: 2, maxQueued: 5 });
    const order: number[] = [];
    const ends = [0, 1, 2, 3].map(async (index) => {
      const end = await queue.take(never);
      order.push(index);
      return end;
    });
    const [first, second] = await Promise.all([ends[0], ends[1]]);
    expect(order).toEqual([0, 1]);
    expect(queue.waiting).toBe(2);
    second?.();
    (await ends[2])?.();
    (await ends[3])?.();
    first?.();
    expect(order).toEqual([0, 1, 2, 3]);
  });

  it('refuses what comes beyond its bound', async () => {
    const queue = new TurnQueue({ maxConcurrent: 1, maxQueued: 0 });
    const end = await queue.take(never);
    await expect(queue.take(never)).rejects.toMatchObject({ code: 'ERR_SLUICE_OVERLOADED', status: 503 });
    end();
  });

  it('does not grow by those who leave, and gives their turns to others', async () => {
    const queue = new TurnQueue({ maxConcurrent: 1, maxQueued: 2 });
    const end = await queue.take(never);
    for (let round = 0; round < 50; round += 1) {
      const abort = new AbortController();
      const leaving = queue.take(abort.signal);
      abort.abort(new Error('left'));
      await expect(leaving).rejects.toThrow('left');
    }
    const [second, third] = [queue.take(never), queue.take(never)];
    await expect(queue.take(never)).rejects.toMatchObject({ code: 'ERR_SLUICE_OVERLOADED' });
    end();
    (await second)();
    (await third)();
    expect(queue.waiting).toBe(0);
  });

  it('does not let anybody in whose client has gone already', async () => {
    const queue = new TurnQueue({ maxConcurrent: 1, maxQueued: 1 });
    await expect(queue.take(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    (await queue.take(never))();
  });

  it('counts a turn that is ended twice once', async () => {
    const queue = new TurnQueue({ maxConcurrent: 1, maxQueued: 1 });
    const end = await queue.take(never);
    end();
    end();
    await queue.take(never);
    expect(queue.take(never)).toBeInstanceOf(Promise);
  });

  it('spaces turns evenly, keeps no timer when nobody waits, and does not save up what was not used', async () => {
    jest.useFakeTimers();
    const queue = new TurnQueue({ maxConcurrent: 100, maxQueued: 100, maxPerSecond: 8 });
    const begun: number[] = [];
    const take = async (): Promise<void> => {
      (await queue.take(never))();
      begun.push(performance.now());
    };
    const startMs = performance.now();
    for (let count = 0; count < 4; count += 1) void take();
    await jest.advanceTimersByTimeAsync(375);
    expect(begun.map((ms) => ms - startMs)).toEqual([0, 125, 250, 375]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(jest.getTimerCount()).toBe(0);
    const laterMs = performance.now();
    for (let count = 0; count < 3; count += 1) void take();
    await jest.advanceTimersByTimeAsync(250);
    expect(begun.slice(4).map((ms) => ms - laterMs)).toEqual([0, 125, 250]);
    jest.useRealTimers();
  });

  it('is exact under any order of arrivals, ends and departures', async () => {
    const event = fc.oneof(
      { weight: 3, arbitrary: fc.constant('come' as const) },
      { weight: 2, arbitrary: fc.constant('end' as const) },
      { weight: 1, arbitrary: fc.constant('leave' as const) },
    );
    const bounds = { maxConcurrent: fc.integer({ min: 1, max: 4 }), maxQueued: fc.integer({ min: 0, max: 4 }) };
    await fc.assert(
      fc.asyncProperty(fc.record(bounds), fc.array(event, { maxLength: 60 }), async (limits, events) => {
        const queue = new TurnQueue(limits);
        const running: EndTurn[] = [];
        const order: number[] = [];
        const expected: { waiting: number[]; running: number; order: number[] } = {
          waiting: [],
          running: 0,
          order: [],
        };
        const aborts = new Map<number, AbortController>();
        for (const [id, what] of events.entries()) {
          if (what === 'come') {
            const abort = new AbortController();
            aborts.set(id, abort);
            const taken = Promise.resolve(queue.take(abort.signal)).then((end) => {
              running.push(end);
              order.push(id);
            });
            if (expected.running < limits.maxConcurrent) {
              expected.running += 1;
              expected.order.push(id);
            } else if (expected.waiting.length < limits.maxQueued) expected.waiting.push(id);
            taken.catch(() => undefined);
          } else if (what === 'end') {
            const end = running.shift();
            if (end === undefined) continue;
            end();
            const next = expected.waiting.shift();
            if (next === undefined) expected.running -= 1;
            else expected.order.push(next);
          } else {
            const leaver = expected.waiting.pop();
            if (leaver !== undefined) aborts.get(leaver)?.abort(new Error('left'));
          }
          await new Promise((resolve) => setImmediate(resolve));
          expect({ waiting: queue.waiting, running: running.length, order }).toEqual({
            waiting: expected.waiting.length,
            running: expected.running,
            order: expected.order,
          });
        }
      }),
      { numRuns: process.env['CI'] === 'true' ? 300 : 60 },
    );
  });
});
