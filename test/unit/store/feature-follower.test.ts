import { FeatureDatabase } from '../../../src/features/index.js';
import { type Database, FeatureFollower, FeatureRepository } from '../../../src/store/index.js';
import { HandClock } from '../../support/clocks.js';
import { describeEveryDatabase } from '../../support/every-database.js';
import { featureKey, featuresOf, findFeatures, SENTENCES } from '../../support/features.js';
import { quiet } from '../../support/quiet.js';
import { until } from '../../support/until.js';

const [FIRST = '', SECOND = '', THIRD = ''] = SENTENCES;

function follow(database: Database, clock = new HandClock()) {
  const features = new FeatureDatabase(featureKey);
  const follower = new FeatureFollower({ database, features, clock, logger: quiet });
  return { features, follower, clock, repository: new FeatureRepository(database) };
}

describeEveryDatabase('a follower of the feature database', (harness) => {
  it('knows what is there at the start, and then every change', async () => {
    const { features, follower, repository } = follow(await harness.open());
    await repository.add(featuresOf(FIRST));
    await follower.start();
    expect(findFeatures(features, FIRST)).toHaveLength(1);
    expect(features.version).toBe(`${featureKey.id}-1`);
    await repository.add(featuresOf(SECOND));
    await until(() => features.size === 2);
    await repository.revoke(
      featuresOf(FIRST).map(({ id }) => id),
      { timeMs: 1, reason: null },
    );
    await until(() => features.size === 1);
    expect(findFeatures(features, FIRST)).toEqual([]);
    expect(findFeatures(features, SECOND)).toHaveLength(1);
    expect(features.version).toBe(`${featureKey.id}-3`);
    await follower.close();
  });

  it('finds out by itself what nobody has told it', async () => {
    const { features, follower, clock } = follow(await harness.open());
    await follower.start();
    // Written past the repository, as if the notification had been lost.
    const other = new FeatureRepository(await harness.open());
    await other.add(featuresOf(FIRST));
    clock.pass(1_000);
    await until(() => features.size === 1);
    await follower.close();
  });

  it('lets go of what has expired', async () => {
    const { features, follower, clock, repository } = follow(await harness.open());
    await repository.add([...featuresOf(FIRST, 'crime', { expiresMs: clock.now() + 500 }), ...featuresOf(SECOND)]);
    await follower.start();
    expect(features.size).toBe(2);
    clock.pass(1_000);
    await until(() => features.size === 1);
    expect(findFeatures(features, FIRST)).toEqual([]);
    expect(features.version).toBe(`${featureKey.id}-1.1`);
    await follower.close();
  });

  it('grows beyond the room it began with', async () => {
    const { features, follower, repository } = follow(await harness.open());
    await repository.add(featuresOf(FIRST));
    await follower.start();
    const room = features.capacity;
    for (let round = 0; round * 1_000 <= room; round += 1) {
      const short = Array.from({ length: 1_000 }, (_, index) =>
        featuresOf(`zorg ${'abcdefghij'.charAt(round)}q${index}x${round}w`),
      );
      await repository.add(short.flat());
    }
    await repository.add(featuresOf(THIRD));
    await follower.refresh();
    expect(features.capacity).toBeGreaterThan(room);
    for (const text of [FIRST, THIRD]) expect(findFeatures(features, text)).toHaveLength(1);
    await follower.close();
  });

  it('leaves out what another key has made', async () => {
    const { features, follower, repository } = follow(await harness.open());
    await repository.add([...featuresOf(FIRST, 'crime', { keyId: '00000000' }), ...featuresOf(SECOND)]);
    await follower.start();
    expect([features.size, follower.foreign]).toEqual([1, 1]);
    await follower.close();
  });
});
