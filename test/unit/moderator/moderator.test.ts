import { TURN_CHARS } from '../../../src/moderator/index.js';
import { brokenClassifier, testModerator, testPolicy } from '../../support/moderation.js';

describe('Moderator', () => {
  const options = { direction: 'output', policy: testPolicy({}) } as const;

  it('collects hits after a block too', () => {
    const { action, hits } = testModerator().moderate('grumpf and quux', options);
    expect(action).toBe('block');
    expect(hits.map((hit) => hit.span)).toEqual([
      { start: 0, end: 6 },
      { start: 11, end: 15 },
    ]);
  });

  it('names the detector that failed', () => {
    expect(testModerator(brokenClassifier).moderate('well', options)).toMatchObject({
      action: 'block',
      failedDetectors: ['classifier'],
    });
  });

  it('reports the score of a category that was not hit', () => {
    const { action, scores } = testModerator().moderate('an x among many letters', options);
    expect(action).toBe('allow');
    expect(scores.crime).toBeGreaterThan(0);
  });

  describe('moderateInTurns', () => {
    // Words that straddle the ends of turns too: no length of theirs divides that of a turn.
    const long = 'well an x, zorgblat city and quux. 你😀 '.repeat(1500);

    it('gives the verdict of `moderate`, whatever the length', async () => {
      for (const text of ['', 'a quux', long, `${long}grumpf`]) {
        expect(await testModerator().moderateInTurns(text, options)).toEqual(testModerator().moderate(text, options));
      }
      expect(testModerator().moderate(long, options).hits.length).toBeGreaterThan(1000);
    });

    it('lets other work run between the turns of a long text', async () => {
      let turns = 0;
      let over = false;
      const count = (): void => {
        turns += 1;
        if (!over) setImmediate(count);
      };
      setImmediate(count);
      await testModerator().moderateInTurns(long, options);
      over = true;
      expect(turns).toBeGreaterThanOrEqual(Math.floor(long.length / TURN_CHARS));
    });

    it('knows from the cache what was judged in one go, and the other way round', async () => {
      const moderator = testModerator();
      const harmless = 'well. '.repeat(TURN_CHARS);
      const first = await moderator.moderateInTurns(harmless, options);
      expect(moderator.moderate(harmless, options)).toBe(first);
      expect(await moderator.moderateInTurns(harmless, options)).toBe(first);
    });
  });

  it('answers a known text from the cache, per direction', () => {
    const moderator = testModerator();
    const first = moderator.moderate('a quux', options);
    expect(moderator.moderate('a quux', options)).toBe(first);
    expect(moderator.moderate('a quux', { ...options, direction: 'input' })).not.toBe(first);
  });
});
