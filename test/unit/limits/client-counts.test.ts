import { ClientCounts } from '../../../src/limits/index.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('ClientCounts', () => {
  it('counts each client from its first request on, and says how long one has to wait', () => {
    const counts = new ClientCounts({ maxRequests: 2, perSeconds: 10 });
    expect([counts.admit('a'), counts.admit('a')]).toEqual([undefined, undefined]);
    jest.advanceTimersByTime(4_000);
    expect(counts.admit('a')).toBe(6_000);
    expect(counts.admit('b')).toBeUndefined();
    jest.advanceTimersByTime(6_000);
    expect([counts.admit('a'), counts.admit('a'), counts.admit('a')]).toEqual([undefined, undefined, 10_000]);
    expect([counts.admit('b'), counts.admit('b')]).toEqual([undefined, 4_000]);
  });

  it('remembers the clients of the last while only, without a timer', () => {
    const counts = new ClientCounts({ maxRequests: 1, perSeconds: 1 });
    for (let client = 0; client < 4_000; client += 1) {
      counts.admit(`client ${client}`);
      if (client % 50 !== 0) continue;
      jest.advanceTimersByTime(100);
      expect(counts.size).toBeLessThanOrEqual(550);
    }
    expect(jest.getTimerCount()).toBe(0);
  });
});
