import { frozenClock } from '../../support/clocks.js';
import { brokenClassifier, testModerator, testPolicy } from '../../support/moderation.js';

/** Long enough to calm the classifier down. */
const FINE = 'fine '.repeat(30);

function run(text: string, options: { mode?: 'enforce' | 'shadow' | 'annotate'; maxHoldChars?: number } = {}) {
  const stream = testModerator().openStream({
    direction: 'output',
    policy: testPolicy({ mode: options.mode ?? 'enforce', hold: { maxHoldChars: options.maxHoldChars } }),
    clock: frozenClock,
  });
  const released = stream.push(text) + stream.end();
  return { released, blocked: stream.blocked, action: stream.verdict().action };
}

describe('StreamModerator', () => {
  it.each([
    ['harmless', 'all is well here', 'all is well here', 'allow'],
    ['flagged', 'a blip here', 'a blip here', 'flag'],
    ['redacted', 'a quux here', 'a # here', 'redact'],
    ['redacted at the end', 'a quux', 'a #', 'redact'],
    ['allow-phrase', 'a zorgblat city here', 'a zorgblat city here', 'allow'],
    ['blocked', 'fine quux there, a grumpf here', 'fine # there, a ', 'block'],
    ['an open term before the block', 'fine zorgblat, grumpf here', 'fine #, ', 'block'],
    [
      'classifier redacts from the onset',
      `an x among many letters xxxxxxxxxx. ${FINE}`,
      `an x among many letters # ${FINE}`,
      'redact',
    ],
    [
      'classifier blocks from the onset',
      'an ok day among many letters kkkkkkkkkk. fine',
      'an ok day among many letters ',
      'block',
    ],
    ['a single word out of the blue', 'well kkkkkkkkkk. fine day', 'well kkkkkkkkkk', 'block'],
  ])('%s', (_, text, released, action) => {
    expect(run(text)).toEqual({ released, blocked: action === 'block', action });
  });

  it('lets harmless words go before the text ends', () => {
    const stream = testModerator().openStream({ direction: 'output', policy: testPolicy({}), clock: frozenClock });
    expect(stream.push('all is well ').length).toBeGreaterThan(5);
  });

  it.each(['shadow', 'annotate'] as const)('changes nothing in mode %s', (mode) => {
    expect(run('a grumpf quux', { mode })).toEqual({ released: 'a grumpf quux', blocked: false, action: 'block' });
  });

  it('blocks when more waits than may', () => {
    expect(run(`well ${'x '.repeat(40)}`, { maxHoldChars: 20 })).toEqual({
      released: 'well x',
      blocked: true,
      action: 'block',
    });
  });

  it.each([
    ['block', true, ''],
    ['allow', false, 'all is well'],
  ] as const)('applies onDetectorError %s', (onDetectorError, blocked, released) => {
    const policy = testPolicy({ onDetectorError });
    const stream = testModerator(brokenClassifier).openStream({ direction: 'output', policy, clock: frozenClock });
    expect(stream.push('all is well') + stream.end()).toBe(released);
    expect(stream.blocked).toBe(blocked);
    expect(stream.verdict().failedDetectors).toEqual(['classifier']);
  });
});
