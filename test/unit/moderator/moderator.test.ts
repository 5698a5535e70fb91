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

  it('answers a known text from the cache, per direction', () => {
    const moderator = testModerator();
    const first = moderator.moderate('a quux', options);
    expect(moderator.moderate('a quux', options)).toBe(first);
    expect(moderator.moderate('a quux', { ...options, direction: 'input' })).not.toBe(first);
  });
});
