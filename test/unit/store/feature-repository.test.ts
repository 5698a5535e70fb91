import type { Feature } from '../../../src/core/index.js';
import { FeatureRepository, FIRST_CHANGE, type StoredFeature } from '../../../src/store/index.js';
import { describeEveryDatabase } from '../../support/every-database.js';

function feature(id: string, rest: Partial<Feature> = {}): Feature {
  return {
    id,
    keyId: 'abcd0123',
    signature: Uint8Array.of(1, 2, 3),
    category: 'crime',
    severity: 4,
    origin: 'hand',
    addedMs: 1_000,
    expiresMs: null,
    reason: null,
    ...rest,
  };
}

async function collect(features: AsyncIterable<StoredFeature>): Promise<StoredFeature[]> {
  const all: StoredFeature[] = [];
  for await (const one of features) all.push(one);
  return all;
}

describeEveryDatabase('the feature database', (harness) => {
  it('keeps what is added, once', async () => {
    const repository = new FeatureRepository(await harness.open());
    const added = await repository.add([
      feature('b', { reason: 'case 7', expiresMs: 5_000 }),
      feature('a'),
      feature('a'),
    ]);
    expect([added, await repository.add([feature('a', { category: 'sexual' })])]).toEqual([2, 0]);
    const [a, b] = await collect(repository.list());
    expect(a).toEqual({ ...feature('a'), signature: expect.anything(), changed: 1, revokedMs: null });
    expect([...(a?.signature ?? [])]).toEqual([1, 2, 3]);
    expect(b).toMatchObject({ id: 'b', reason: 'case 7', expiresMs: 5_000 });
    expect(await repository.find('c')).toBeUndefined();
  });

  it('keeps the id of what is revoked and nothing of its text', async () => {
    const repository = new FeatureRepository(await harness.open());
    await repository.add([feature('a'), feature('b')]);
    const revocation = { timeMs: 2_000, reason: 'overturned' };
    expect(await repository.revoke(['a', 'zorg'], revocation)).toEqual(['a']);
    expect(await repository.revoke(['a'], revocation)).toEqual([]);
    expect(await repository.find('a')).toMatchObject({ signature: null, revokedMs: 2_000, reason: 'overturned' });
    expect((await collect(repository.list({ holdingAtMs: 2_000 }))).map(({ id }) => id)).toEqual(['b']);
  });

  it('brings back what was revoked only when told to, and what has expired always', async () => {
    const repository = new FeatureRepository(await harness.open());
    await repository.add([feature('a'), feature('b', { expiresMs: 3_000 })]);
    await repository.revoke(['a'], { timeMs: 2_000, reason: null });
    const later = [feature('a', { addedMs: 4_000 }), feature('b', { addedMs: 4_000 })];
    expect(await repository.add(later)).toBe(1);
    expect(await repository.find('b')).toMatchObject({ expiresMs: null, addedMs: 4_000 });
    expect(await repository.add(later, { restore: true })).toBe(1);
    expect(await repository.find('a')).toMatchObject({ revokedMs: null, addedMs: 4_000 });
  });

  it('narrows a list by category, origin and time', async () => {
    const repository = new FeatureRepository(await harness.open());
    await repository.add([
      feature('a', { expiresMs: 3_000 }),
      feature('b', { category: 'sexual' }),
      feature('c', { origin: 'import' }),
    ]);
    const idsOf = async (filter: object): Promise<string> =>
      (await collect(repository.list(filter))).map(({ id }) => id).join('');
    expect(await idsOf({ category: 'crime' })).toBe('ac');
    expect(await idsOf({ origin: 'hand' })).toBe('ab');
    expect(await idsOf({ holdingAtMs: 3_000 })).toBe('bc');
    expect(await idsOf({ origin: 'hand', category: 'sexual', holdingAtMs: 1 })).toBe('b');
  });

  it('tells readers every change in its order, page by page', async () => {
    const repository = new FeatureRepository(await harness.open());
    const many = Array.from({ length: 2_500 }, (_, index) => feature(String(index).padStart(5, '0')));
    await repository.add(many);
    await repository.revoke(['00007'], { timeMs: 2_000, reason: null });
    const seen: StoredFeature[] = [];
    for (let cursor = FIRST_CHANGE; ; ) {
      const page = await repository.changesSince(cursor);
      const last = page.at(-1);
      if (last === undefined) break;
      seen.push(...page);
      cursor = last;
    }
    expect(seen).toHaveLength(2_500);
    expect(seen.at(-1)).toMatchObject({ id: '00007', changed: 2, signature: null });
    expect(await repository.lastChange()).toBe(2);
  });

  it('gives every change of two writers a number of its own', async () => {
    const [left, right] = [new FeatureRepository(await harness.open()), new FeatureRepository(await harness.open())];
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? left : right).add([feature(`f${index}`)])),
    );
    const changes = (await left.changesSince(FIRST_CHANGE)).map(({ changed }) => changed);
    expect(changes).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });
});
