import { JointLimits } from '../../../src/workers/index.js';

const rule = { maxRequests: 2, perSeconds: 60 };
const bounds = { maxConcurrent: 1, maxQueued: 2 };

describe('JointLimits', () => {
  it('counts the clients of all workers, by the rule that each worker is on', () => {
    const limits = new JointLimits();
    const [, , refused] = limits.admit({ rule, clients: ['a', 'a', 'a'] });
    expect(refused).toBeGreaterThan(59_000);
    expect(limits.admit({ rule, clients: ['b'] })).toEqual([null]);
    expect(limits.admit({ rule: { ...rule, maxRequests: 5 }, clients: ['a'] })).toEqual([null]);
    expect(limits.admit({ rule, clients: ['a'] })).not.toEqual([null]);
  });

  it('gives turns in the order of arrival over all workers', async () => {
    const limits = new JointLimits();
    expect(await limits.take(1, { id: 1, name: 'x', bounds })).toBe('begun');
    const order: string[] = [];
    const wait = (worker: number, id: number) =>
      limits.take(worker, { id, name: 'x', bounds }).then((answer) => order.push(`${worker}.${id} ${answer}`));
    const [first, second] = [wait(2, 1), wait(1, 2)];
    expect(await limits.take(2, { id: 2, name: 'x', bounds })).toBe('overloaded');
    expect(await limits.take(2, { id: 3, name: 'y', bounds })).toBe('begun');
    limits.end(1, 1);
    await first;
    expect(order).toEqual(['2.1 begun']);
    limits.end(2, 1);
    await second;
    expect(order).toEqual(['2.1 begun', '1.2 begun']);
  });

  it('takes back what a worker has and waits for when it ends', async () => {
    const limits = new JointLimits();
    await limits.take(1, { id: 1, name: 'x', bounds });
    const left = limits.take(1, { id: 2, name: 'x', bounds });
    const other = limits.take(2, { id: 1, name: 'x', bounds });
    limits.leave(1);
    expect(await left).toBe('left');
    expect(await other).toBe('begun');
    // Nobody waits any more, and the one turn is taken once.
    const next = limits.take(3, { id: 1, name: 'x', bounds });
    limits.end(3, 1);
    expect(await next).toBe('left');
    limits.end(2, 1);
    expect(await limits.take(3, { id: 2, name: 'x', bounds })).toBe('begun');
  });
});
