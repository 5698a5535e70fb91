import fc from 'fast-check';
import { parseConfig } from '../../../src/config/index.js';
import type { Detection, DetectionSource, Hit, Severity } from '../../../src/core/index.js';
import { CATEGORIES, DIRECTIONS } from '../../../src/core/index.js';
import { decide, type ResolvedPolicy, redactText, resolvePolicies } from '../../../src/policy/index.js';

const versions = { policy: 'p', lexicon: 'l', model: 'm' };

function policyOf(input: object, name = 'default'): ResolvedPolicy {
  const policy = resolvePolicies(parseConfig(input, 'test')).get(name);
  if (policy === undefined) throw new Error(`no policy ${name}`);
  return policy;
}

function term(severity: Severity, start = 0): Detection {
  return { source: 'lexicon', category: 'abusive', span: { start, end: start + 4 }, severity, termId: 'en/abusive/0' };
}

function judge(policy: ResolvedPolicy, detections: readonly Detection[], failed: readonly DetectionSource[] = []) {
  return decide({ detections, failed, direction: 'output', policy, versions });
}

describe('resolvePolicies', () => {
  it('inherits threshold by threshold', () => {
    const school = policyOf(
      {
        policies: {
          default: { output: { abusive: { flag: 0.6 } }, severityScores: { 2: 0.8 } },
          strict: { output: { sexual: { block: 0.5 } } },
          school: { extends: 'strict', mask: '***' },
        },
      },
      'school',
    );
    expect(school.output.abusive).toEqual({ flag: 0.6, redact: 0.9, block: 0.99 });
    expect(school.output.sexual).toEqual({ flag: 0.75, redact: Number.POSITIVE_INFINITY, block: 0.5 });
    expect(school.severityScores).toEqual([0.5, 0.8, 0.97, 0.995]);
    expect(school.mask).toBe('***');
  });

  it.each([
    ['built in', {}, { mode: 'adaptive', maxChars: 8192, maxMs: Number.POSITIVE_INFINITY, onLimit: 'block' }, {}],
    [
      'whole answers',
      { output: { hold: 'answer' } },
      { mode: 'answer', maxChars: 1_048_576, maxMs: Number.POSITIVE_INFINITY, onLimit: 'block' },
      {},
    ],
    [
      'inherited key by key',
      { output: { onHoldLimit: 'block' } },
      { mode: 'sentence', maxChars: 100, maxMs: 2000, onLimit: 'block' },
      { output: { hold: 'sentence', maxHoldChars: 100, maxHoldMs: 2000, onHoldLimit: 'release' } },
    ],
  ])('says how streams wait: %s', (_name, school, expected, base) => {
    const { hold } = policyOf({ policies: { default: base, school } }, 'school');
    expect(hold.output).toEqual(expected);
    expect(hold.input.mode).toBe('adaptive');
  });

  it.each([
    ['unknown', { a: { extends: 'zorgblat' } }, /policies\.a\.extends: no policy is named 'zorgblat'/],
    ['itself', { a: { extends: 'a' } }, /a -> a/],
    ['a circle', { a: { extends: 'b' }, b: { extends: 'a' } }, /2 problems\n.*a -> b -> a\n.*b -> a -> b/],
    ['a circle through default', { default: { extends: 'a' }, a: {} }, /default -> a -> default/],
  ])('refuses to extend %s', (_name, policies, message) => {
    expect(() => policyOf({ policies })).toThrow(message);
  });

  it('changes the version with anything that can change a verdict', () => {
    const inputs = [
      {},
      { mode: 'shadow' },
      { onDetectorError: 'allow' },
      { policies: { default: { mask: '*' } } },
      { policies: { default: { input: { crime: { block: 0.9 } } } } },
    ];
    expect(new Set(inputs.map((input) => policyOf(input).version)).size).toBe(inputs.length);
    expect(policyOf({}).version).toBe(policyOf({ listen: 'localhost:1' }).version);
  });
});

describe('decide', () => {
  it.each([
    ['nothing', [], 'allow'],
    ['severity 1', [term(1)], 'allow'],
    ['severity 2', [term(2)], 'flag'],
    ['severity 3', [term(3)], 'redact'],
    ['severity 4', [term(4)], 'block'],
    ['several: the strongest', [term(2), term(3), term(1)], 'redact'],
  ] as const)('judges %s', (_name, detections, action) => {
    expect(judge(policyOf({}), detections)).toMatchObject({ action, applied: action });
  });

  it.each([
    ['its own default', {}, 0.02],
    ['the number of the config', { policies: { default: { output: { crime: { block: 0.5 } } } } }, 0.5],
  ])('compares a classifier score with %s', (_name, config, expected) => {
    const policy = policyOf(config);
    const own = { ...policy, classifier: { ...policy.classifier, output: { ...policy.classifier.output } } };
    if (expected < 0.5) own.classifier.output.crime = { flag: 0.01, redact: Number.POSITIVE_INFINITY, block: 0.02 };
    const score = (value: number): Detection => ({
      source: 'classifier',
      category: 'crime',
      span: { start: 0, end: 1 },
      score: value,
    });
    expect(judge(own, [score(expected)]).action).toBe('block');
    expect(judge(own, [score(expected - 0.005)]).action).not.toBe('block');
    expect(judge(own, [score(expected)]).scores.crime).toBe(expected);
  });

  it('applies nothing outside of enforce', () => {
    expect(judge(policyOf({ mode: 'shadow' }), [term(4)])).toMatchObject({ action: 'block', applied: 'flag' });
    expect(judge(policyOf({ mode: 'shadow' }), [])).toMatchObject({ action: 'allow', applied: 'allow' });
  });

  it('orders hits by place and keeps the highest score', () => {
    const verdict = judge(policyOf({}), [term(3, 9), term(2, 3)]);
    expect(verdict.hits.map((hit) => hit.span.start)).toEqual([3, 9]);
    expect(verdict.scores.abusive).toBe(0.97);
  });

  it('blocks when a detector failed, unless told to allow', () => {
    expect(judge(policyOf({}), [], ['classifier']).action).toBe('block');
    expect(judge(policyOf({ onDetectorError: 'allow' }), [], ['classifier']).action).toBe('allow');
  });

  it('takes a score that is not a number for a failed classifier', () => {
    const broken: Detection = {
      source: 'classifier',
      category: 'crime',
      span: { start: 0, end: 1 },
      score: Number.NaN,
    };
    expect(judge(policyOf({}), [broken])).toMatchObject({ action: 'block', failedDetectors: ['classifier'], hits: [] });
  });

  it('never adds a hit when a threshold is raised', () => {
    const score = fc.double({ min: 0, max: 1, noNaN: true });
    const detection: fc.Arbitrary<Detection> = fc.record({
      source: fc.constant('classifier' as const),
      category: fc.constantFrom(...CATEGORIES),
      span: fc.nat(50).map((start) => ({ start, end: start + 3 })),
      score,
    });
    fc.assert(
      fc.property(
        fc.array(detection, { maxLength: 8 }),
        fc.constantFrom(...CATEGORIES),
        fc.constantFrom(...DIRECTIONS),
        fc.constantFrom('flag' as const, 'redact' as const, 'block' as const),
        score,
        score,
        (detections, category, direction, action, one, other) => {
          const hitsAt = (threshold: number) => {
            const policy = policyOf({
              policies: { default: { [direction]: { [category]: { [action]: threshold } } } },
            });
            return decide({ detections, failed: [], direction, policy, versions }).hits;
          };
          const keyOf = (hit: Hit) => JSON.stringify([hit.category, hit.span, hit.score]);
          const before = hitsAt(Math.min(one, other)).map(keyOf);
          expect(before).toEqual(expect.arrayContaining(hitsAt(Math.max(one, other)).map(keyOf)));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('redactText', () => {
  const hit = (start: number, end: number, action: Hit['action'] = 'redact'): Hit => ({
    category: 'abusive',
    source: 'lexicon',
    score: 0.9,
    span: { start, end },
    action,
  });

  it.each([
    ['nothing', [], '0123456789'],
    ['one span', [hit(2, 4)], '01#456789'],
    ['spans apart, in any order', [hit(6, 8), hit(2, 4)], '01#45#89'],
    ['overlapping spans', [hit(2, 5), hit(4, 7)], '01#789'],
    ['adjacent spans', [hit(2, 4), hit(4, 6)], '01#6789'],
    ['a span inside another', [hit(1, 8), hit(3, 4)], '0#89'],
    ['the whole text', [hit(0, 10)], '#'],
    ['an empty span', [hit(3, 3)], '0123456789'],
    ['hits of other actions', [hit(2, 4, 'flag'), hit(5, 6, 'block')], '0123456789'],
  ])('masks %s', (_name, hits, expected) => {
    expect(redactText('0123456789', hits, '#')).toBe(expected);
  });

  it('inserts the mask as it stands', () => {
    expect(redactText('zorgblat!', [hit(0, 8)], '$&')).toBe('$&!');
  });
});
