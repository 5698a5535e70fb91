import { RestartDelay } from '../../../src/workers/index.js';

describe('RestartDelay', () => {
  it('doubles up to half a minute, and begins anew after one has lived for a minute', () => {
    const delay = new RestartDelay();
    const waits = Array.from({ length: 11 }, () => delay.next(500));
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    expect(delay.next(60_000)).toBe(100);
    expect(delay.next(59_999)).toBe(200);
  });
});
