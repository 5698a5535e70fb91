import type { EndTurn } from '../../../src/core/index.js';
import { KeyedTurns } from '../../../src/limits/index.js';

const never = new AbortController().signal;

describe('KeyedTurns', () => {
  it('bounds each client, and forgets those that have none', async () => {
    const turns = new KeyedTurns({ maxConcurrent: 1, maxQueued: 1 });
    const held = (await turns.take('held', never)) as EndTurn;
    const waiting = turns.take('held', never);
    await expect(turns.take('held', never)).rejects.toMatchObject({ code: 'ERR_SLUICE_OVERLOADED' });
    for (let client = 0; client < 1_000; client += 1) (await turns.take(`client ${client}`, never))();
    expect(turns.size).toBeLessThan(5);
    held();
    (await waiting)();
    expect(turns.idle).toBe(true);
  });

  it('remembers a client for as long as its rate asks', async () => {
    jest.useFakeTimers();
    const turns = new KeyedTurns({ maxConcurrent: 9, maxQueued: 0, maxPerSecond: 1 });
    (await turns.take('a', never))();
    for (let client = 0; client < 10; client += 1) (await turns.take(`client ${client}`, never))();
    await expect(turns.take('a', never)).rejects.toMatchObject({ code: 'ERR_SLUICE_OVERLOADED' });
    jest.advanceTimersByTime(1_000);
    (await turns.take('a', never))();
    for (let client = 0; client < 20; client += 1) (await turns.take(`client ${client}`, never))();
    expect(turns.size).toBeLessThan(25);
    jest.useRealTimers();
  });
});
