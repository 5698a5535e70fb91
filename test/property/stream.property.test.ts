import fc from 'fast-check';
import type { Verdict } from '../../src/core/index.js';
import { Screening } from '../../src/moderator/screening.js';
import { redactText } from '../../src/policy/index.js';
import { frozenClock } from '../support/clocks.js';
import { testClassifier, testLexicon, testModerator, testPolicy } from '../support/moderation.js';

const moderator = testModerator();
const TEXT = fc
  .array(
    fc.constantFrom(
      'blip',
      'quux',
      'zorgblat',
      ' city',
      'quuxquux',
      'xxxx',
      'an x ',
      'kk',
      'kkkkkk',
      'well',
      ' ',
      ' ',
      '. ',
      '\n',
      '你',
      '。',
      '😀',
      '\ud83d',
      '@',
      '\u200b',
      'grumpf',
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));
const SIZES = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

function run(text: string, { sizes, mode }: { sizes: readonly number[]; mode: 'enforce' | 'shadow' }) {
  const policy = testPolicy({ mode, hold: { maxHoldChars: 60 } });
  const stream = moderator.openStream({ direction: 'output', policy, clock: frozenClock });
  let released = '';
  for (let at = 0, turn = 0; at < text.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    released += stream.push(text.slice(at, at + size));
    at += size;
  }
  released += stream.end();
  return { released, verdict: stream.verdict(), blocked: stream.blocked };
}

describe('a streamed text', () => {
  it('gets the same released text and verdict however it is cut', () => {
    fc.assert(
      fc.property(TEXT, SIZES, (text, sizes) => {
        expect(run(text, { sizes, mode: 'enforce' })).toEqual(run(text, { sizes: [text.length], mode: 'enforce' }));
      }),
      { numRuns: 300 },
    );
  });

  it('agrees with the whole text, and releases no blocked or redacted span', () => {
    const policy = testPolicy({});
    fc.assert(
      fc.property(TEXT, SIZES, (text, sizes) => {
        const { released, verdict, blocked } = run(text, { sizes, mode: 'enforce' });
        const whole: Verdict = moderator.moderate(text, { direction: 'output', policy });
        const redacted = redactText(text, whole.hits, policy.mask);
        if (!blocked) {
          expect(verdict).toEqual(whole);
          expect(released).toBe(redacted);
          return;
        }
        expect(whole.hits).toEqual(expect.arrayContaining([...verdict.hits]));
        const starts = whole.hits.filter((hit) => hit.action === 'block').map((hit) => hit.span.start);
        const limit = Math.min(text.length, ...starts);
        const redactions = whole.hits.filter((hit) => hit.action === 'redact' && hit.span.start < limit);
        const clipped = redactions.map((hit) => ({
          ...hit,
          span: { ...hit.span, end: Math.min(hit.span.end, limit) },
        }));
        expect(redactText(text.slice(0, limit), clipped, policy.mask).startsWith(released)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is never changed in shadow mode', () => {
    fc.assert(
      fc.property(TEXT, SIZES, (text, sizes) => {
        expect(run(text, { sizes, mode: 'shadow' }).released).toBe(text);
      }),
      { numRuns: 100 },
    );
  });
});

it('a whole text has the same verdict in turns of any length', () => {
  const options = {
    lexicon: testLexicon,
    classifier: testClassifier,
    direction: 'output',
    policy: testPolicy({}),
  } as const;
  fc.assert(
    fc.property(TEXT, fc.integer({ min: 1, max: 30 }), (text, turnChars) => {
      const screening = new Screening(options);
      const turns = [...screening.whole(text, turnChars)].length;
      expect(turns).toBe(2 * Math.max(0, Math.ceil(text.length / turnChars) - 1));
      expect(screening.verdict()).toEqual(moderator.moderate(text, options));
    }),
    { numRuns: 300 },
  );
});
