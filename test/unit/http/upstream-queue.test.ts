import { UpstreamQueue } from '../../../src/http/upstream-queue.js';

const never = new AbortController().signal;

describe('UpstreamQueue', () => {
  it('gives turns in order of arrival, so many at one time', async () => {
    const queue = new UpstreamQueue({ maxConcurrent: 2, maxQueued: 5 });
    const order: number[] = [];
    const ends = [0, 1, 2, 3].map(async (index) => {
      const release = await queue.acquire(never);
      order.push(index);
      return release;
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
    const queue = new UpstreamQueue({ maxConcurrent: 1, maxQueued: 0 });
    const release = await queue.acquire(never);
    await expect(queue.acquire(never)).rejects.toMatchObject({ code: 'ERR_SLUICE_OVERLOADED', status: 503 });
    release();
  });

  it('does not grow by those who leave, and gives their turns to others', async () => {
    const queue = new UpstreamQueue({ maxConcurrent: 1, maxQueued: 2 });
    const release = await queue.acquire(never);
    for (let round = 0; round < 50; round += 1) {
      const abort = new AbortController();
      const leaving = queue.acquire(abort.signal);
      abort.abort(new Error('left'));
      await expect(leaving).rejects.toThrow('left');
    }
    const [second, third] = [queue.acquire(never), queue.acquire(never)];
    await expect(queue.acquire(never)).rejects.toMatchObject({ code: 'ERR_SLUICE_OVERLOADED' });
    release();
    (await second)();
    (await third)();
    expect(queue.waiting).toBe(0);
  });

  it('does not let anybody in whose client has gone already', async () => {
    const queue = new UpstreamQueue({ maxConcurrent: 1, maxQueued: 1 });
    await expect(queue.acquire(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    (await queue.acquire(never))();
  });
});
