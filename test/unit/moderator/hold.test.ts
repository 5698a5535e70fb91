import type { Verdict } from '../../../src/core/index.js';
import type { StreamModerator } from '../../../src/moderator/index.js';
import { frozenClock, HandClock } from '../../support/clocks.js';
import { brokenClassifier, testClassifier, testModerator, testPolicy } from '../../support/moderation.js';

type Hold = NonNullable<Parameters<typeof testPolicy>[0]['hold']>;

function open(hold: Hold, { clock = frozenClock, classifier = testClassifier } = {}): StreamModerator {
  return testModerator(classifier).openStream({ direction: 'output', policy: testPolicy({ hold }), clock });
}

/** What leaves after each piece and after the end, `|` between them. */
function trace(stream: StreamModerator, pieces: readonly string[]): string {
  return [...pieces.map((piece) => stream.push(piece)), stream.end()].join('|');
}

function outcome(stream: StreamModerator): Partial<Verdict> {
  const { action, applied, hold } = stream.verdict();
  return { action, applied, ...(hold && { hold }) };
}

describe('hold', () => {
  const fine = ['all ', 'is we', 'll. A ', 'zorgblat ', 'city. ', 'Then quux', ' or', '.'];
  const bad = ['One. An unharmed soul met a gru', 'mpf here. ', 'And then'];

  it.each([
    ['adaptive', 'all |is we|ll. A ||zorgblat city. |Then |# |or.|'],
    ['sentence', '||all is well.|| A zorgblat city.||| Then # or.|'],
    ['answer', '||||||||all is well. A zorgblat city. Then # or.'],
    ['none', 'all |is we|ll. A |zorgblat |city. |Then quux| or|.|'],
  ] as const)('%s lets a text go', (hold, expected) => {
    expect(trace(open({ hold }), fine)).toBe(expected);
  });

  it.each([
    ['adaptive', 'One. An unharmed soul met a |||', undefined],
    ['sentence', 'One.|||', undefined],
    ['answer', '|||', undefined],
    ['none', 'One. An unharmed soul met a gru|mpf ||', { cause: 'none', effect: 'released', chars: 6 }],
  ] as const)('%s stops a text', (hold, expected, note) => {
    const stream = open({ hold });
    expect(trace(stream, bad)).toBe(expected);
    expect(outcome(stream)).toEqual({ action: 'block', applied: 'block', ...(note && { hold: note }) });
  });

  it('none cannot redact, and says so', () => {
    const stream = open({ hold: 'none' });
    trace(stream, fine);
    const hold = { cause: 'none', effect: 'released', chars: 4 };
    expect(outcome(stream)).toEqual({ action: 'redact', applied: 'flag', hold });
  });

  it('none cuts no surrogate pair in two', () => {
    expect(trace(open({ hold: 'none' }), ['so \ud83d', '\ude00', '\ud83d'])).toBe('so |😀||\ud83d');
  });

  it('none stops where a detector fails', () => {
    const stream = open({ hold: 'none' }, { classifier: brokenClassifier });
    expect(trace(stream, ['al', 'l is', ' well'])).toBe('al|l ||');
    expect(stream.blocked).toBe(true);
  });

  it('holds input by the policy of input', () => {
    const policy = testPolicy({ hold: { hold: 'answer' } });
    const stream = testModerator().openStream({ direction: 'input', policy, clock: frozenClock });
    expect(stream.push('all is well ')).toBe('all is well ');
  });
});

describe('maxHoldChars', () => {
  const pieces = ['so zorgblat cit', 'y ', 'a quux', ', well ', 'now.'];

  it('blocks, and says what was stopped', () => {
    const stream = open({ hold: 'answer', maxHoldChars: 20 });
    expect(trace(stream, pieces)).toBe('|||||');
    const hold = { cause: 'maxHoldChars', effect: 'blocked', chars: 25 };
    expect(outcome(stream)).toEqual({ action: 'block', applied: 'block', hold });
  });

  it('releases what is too much, redacted as far as it is judged, and says so', () => {
    const stream = open({ hold: 'answer', maxHoldChars: 20, onHoldLimit: 'release' });
    expect(trace(stream, pieces)).toBe('|||so zorgbla|t ci|ty a #, well now.');
    const hold = { cause: 'maxHoldChars', effect: 'released', chars: 14 };
    expect(outcome(stream)).toEqual({ action: 'redact', applied: 'redact', hold });
  });

  it('masks what has not left of a span that is found later', () => {
    const stream = open({ maxHoldChars: 3, onHoldLimit: 'release' });
    // At the space, twelve characters are here.
    expect(trace(stream, ['so zorgbl', 'at ', 'ci, '])).toBe('so |zorgbl|# ci, |');
    const hold = { cause: 'maxHoldChars', effect: 'released', chars: 6 };
    expect(outcome(stream)).toEqual({ action: 'redact', applied: 'redact', hold });
  });

  it('cuts no surrogate pair in two', () => {
    const stream = open({ hold: 'answer', maxHoldChars: 3, onHoldLimit: 'release' });
    expect(trace(stream, ['😀😀 a '])).toBe('😀😀| a ');
  });
});

describe('maxHoldMs', () => {
  it('releases what has waited so long, and no more', () => {
    const clock = new HandClock();
    const stream = open({ hold: 'answer', maxHoldMs: 100, onHoldLimit: 'release' }, { clock });
    expect(stream.dueAtMs).toBeUndefined();
    stream.push('well ');
    expect(stream.dueAtMs).toBe(100);
    clock.pass(60);
    stream.push('a quux, ');
    expect(stream.expire()).toBe('');
    clock.pass(40);
    expect(stream.expire()).toBe('well ');
    expect(stream.dueAtMs).toBe(160);
    clock.pass(60);
    expect(stream.push('now ')).toBe('a #, ');
    expect(stream.end()).toBe('now ');
    expect(stream.dueAtMs).toBeUndefined();
    const hold = { cause: 'maxHoldMs', effect: 'released', chars: 13 };
    expect(outcome(stream)).toEqual({ action: 'redact', applied: 'redact', hold });
  });

  it('blocks', () => {
    const clock = new HandClock();
    const stream = open({ maxHoldMs: 100 }, { clock });
    expect(stream.push('so zorg')).toBe('so ');
    clock.pass(100);
    expect(stream.expire()).toBe('');
    expect(stream.blocked).toBe(true);
    expect(stream.push('onia') + stream.end()).toBe('');
    const hold = { cause: 'maxHoldMs', effect: 'blocked', chars: 4 };
    expect(outcome(stream)).toEqual({ action: 'block', applied: 'block', hold });
  });

  it('does not count the wait of text that has left', () => {
    const clock = new HandClock();
    const stream = open({ maxHoldMs: 100 }, { clock });
    for (let turn = 0; turn < 10; turn += 1) {
      expect(stream.push(turn % 2 === 0 ? 'so zorg' : 'onia ')).not.toBe('');
      clock.pass(60);
    }
    expect(stream.blocked).toBe(false);
  });

  it.each(['shadow', 'annotate'] as const)('lets nothing wait in mode %s', (mode) => {
    const policy = testPolicy({ mode, hold: { hold: 'answer', maxHoldMs: 1, maxHoldChars: 1 } });
    const stream = testModerator().openStream({ direction: 'output', policy, clock: new HandClock() });
    expect(stream.push('a quux ')).toBe('a quux ');
    expect(stream.dueAtMs).toBeUndefined();
    expect(stream.end()).toBe('');
    expect(outcome(stream)).toEqual({ action: 'redact', applied: 'flag' });
  });
});
