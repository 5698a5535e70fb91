import fc from 'fast-check';
import { Moderator } from '../../src/moderator/index.js';
import { redactText } from '../../src/policy/index.js';
import { frozenClock } from '../support/clocks.js';
import { databaseOf, SENTENCES } from '../support/features.js';
import { testClassifier, testLexicon, testPolicy } from '../support/moderation.js';

const SHORT = 'zorg now';
/** `crime` is redacted by the policy of the tests, `violence` blocked. */
const redacting = databaseOf([...SENTENCES, SHORT], 'crime');
const blocking = databaseOf([...SENTENCES, SHORT], 'violence');

const PIECE = fc.oneof(
  fc.constantFrom(...SENTENCES),
  fc.constantFrom(
    'blip ',
    'zorgblat ',
    'zorgblat city ',
    'grumpf',
    'an x ',
    'well, ',
    '. ',
    '\n',
    SHORT,
    '你',
    '\ud83d',
  ),
  fc.tuple(fc.constantFrom(...SENTENCES), fc.nat(120), fc.nat(120)).map(([text, from, to]) => text.slice(from, to)),
  fc
    .tuple(fc.constantFrom(...SENTENCES), fc.nat(100), fc.constantFrom('', 'q', 'xy', ' '))
    .map(([text, at, other]) => text.slice(0, at) + other + text.slice(at + 1)),
);
const TEXT = fc.array(PIECE, { maxLength: 6 }).map((pieces) => pieces.join(''));
const SIZES = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });

function stream(moderator: Moderator, text: string, sizes: readonly number[]) {
  const opened = moderator.openStream({ direction: 'output', policy: testPolicy({}), clock: frozenClock });
  let released = '';
  for (let at = 0, turn = 0; at < text.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    released += opened.push(text.slice(at, at + size));
    at += size;
  }
  released += opened.end();
  return { released, verdict: opened.verdict(), blocked: opened.blocked };
}

describe.each([
  ['redacted', redacting],
  ['blocked', blocking],
])('a feature that is %s', (_, features) => {
  const moderator = new Moderator({ lexicon: testLexicon, classifier: testClassifier, features, cacheMaxBytes: 0 });

  it('shows the same text and verdict however the stream is cut', () => {
    fc.assert(
      fc.property(TEXT, SIZES, (text, sizes) => {
        expect(stream(moderator, text, sizes)).toEqual(stream(moderator, text, [text.length || 1]));
      }),
      { numRuns: 150 },
    );
  });

  it('is judged in a stream as in the whole text, and nothing of it leaves', () => {
    fc.assert(
      fc.property(TEXT, SIZES, (text, sizes) => {
        const { released, verdict, blocked } = stream(moderator, text, sizes);
        const whole = moderator.moderate(text, { direction: 'output', policy: testPolicy({}) });
        expect(blocked).toBe(whole.action === 'block');
        if (!blocked) {
          expect(verdict).toEqual(whole);
          expect(released).toBe(redactText(text, whole.hits, '#'));
          return;
        }
        const first = Math.min(
          ...verdict.hits.filter(({ action }) => action === 'block').map(({ span }) => span.start),
        );
        expect(released.replaceAll('#', '').length).toBeLessThanOrEqual(first);
      }),
      { numRuns: 150 },
    );
  });

  it('never leaves in part when it comes as it was', () => {
    const alone = new Moderator({ lexicon: testLexicon, features, cacheMaxBytes: 0 });
    for (const sentence of SENTENCES) {
      const { released } = stream(alone, `Well: ${sentence}`, [1]);
      expect(released.replace('#', '')).toBe('Well: ');
    }
  });
});
