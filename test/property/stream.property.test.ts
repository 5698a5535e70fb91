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

/** Texts that another one goes on from: mostly none, often the start of a term. */
const BEFORE = fc.oneof(
  fc.constant(''),
  fc.tuple(TEXT, fc.constantFrom('zor', 'zorgblat', 'quu', 'q', 'gru', 'bli', 'x')).map((parts) => parts.join('')),
);

interface RunOptions {
  readonly sizes: readonly number[];
  readonly mode: 'enforce' | 'shadow';
  readonly before?: string;
}

function run(text: string, { sizes, mode, before = '' }: RunOptions) {
  const policy = testPolicy({ mode, hold: { maxHoldChars: 60 } });
  const stream = moderator.openStream({ direction: 'output', policy, clock: frozenClock, before });
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
      fc.property(TEXT, SIZES, BEFORE, (text, sizes, before) => {
        const whole = { sizes: [text.length], mode: 'enforce', before } as const;
        expect(run(text, { sizes, mode: 'enforce', before })).toEqual(run(text, whole));
      }),
      { numRuns: 300 },
    );
  });

  it('agrees with the whole text, and releases no blocked or redacted span', () => {
    const policy = testPolicy({});
    fc.assert(
      fc.property(TEXT, SIZES, BEFORE, (text, sizes, before) => {
        const { released, verdict, blocked } = run(text, { sizes, mode: 'enforce', before });
        const whole: Verdict = moderator.moderate(text, { direction: 'output', policy, before });
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

  it('completes no term that began before it', () => {
    const parts = fc.constantFrom(['z', 'orgblat'], ['zorg', 'blat'], ['zorgbla', 't'], ['quu', 'x'], ['q', 'uux']);
    fc.assert(
      fc.property(parts, TEXT, SIZES, ([head = '', tail = ''], rest, sizes) => {
        const before = `well, a ${head}`;
        const text = `${tail} ${rest}`;
        // An allow-phrase that goes on behind the term.
        fc.pre(!/^[a-z]+[^a-z]+city/.test(text));
        const { released, verdict } = run(text, { sizes, mode: 'enforce', before });
        expect(released === '' || released.startsWith('#')).toBe(true);
        expect(verdict.hits).toContainEqual(
          expect.objectContaining({ startsBefore: head.length, span: { start: 0, end: expect.any(Number) } }),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('is never changed in shadow mode', () => {
    fc.assert(
      fc.property(TEXT, SIZES, BEFORE, (text, sizes, before) => {
        expect(run(text, { sizes, mode: 'shadow', before }).released).toBe(text);
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
    fc.property(TEXT, fc.integer({ min: 1, max: 30 }), BEFORE, (text, turnChars, before) => {
      const screening = new Screening({ ...options, before });
      const turns = [...screening.whole(text, turnChars)].length;
      expect(turns).toBe(2 * Math.max(0, Math.ceil(text.length / turnChars) - 1));
      expect(screening.verdict()).toEqual(moderator.moderate(text, { ...options, before }));
    }),
    { numRuns: 300 },
  );
});
