import type { PolicyConfig } from '../../src/config/index.js';
import { CATEGORIES, type TextClassifier } from '../../src/core/index.js';
import { buildLexicon, parseList } from '../../src/lexicon/index.js';
import { Moderator } from '../../src/moderator/index.js';
import { type ResolvedPolicy, resolvePolicies } from '../../src/policy/index.js';

/** A lexicon of made-up words: `blip` flags, `quux` and `zorgblat` redact, `grumpf` blocks (see `testPolicy`). */
export const testLexicon = buildLexicon([
  parseList({
    text: '[severity 2]\nblip\n[severity 3]\nquux\nzorgblat\n!zorgblat city\n[severity 4]\ngrumpf\n',
    file: 'test.txt',
    language: 'en',
    category: 'abusive',
  }),
]);

/** Weighs the `x` of a window as `crime` (redacted) and the `k` as `violence` (blocked), never above 0.9. */
export const testClassifier: TextClassifier = {
  version: 'fake',
  backend: 'kernel',
  score: scoreOf,
  begin: () => {
    let text = '';
    return {
      append: (piece) => {
        text += piece;
      },
      scores: () => scoreOf(text),
    };
  },
  dispose: () => undefined,
};

/** A classifier that cannot run. */
export const brokenClassifier: TextClassifier = {
  ...testClassifier,
  begin: () => {
    throw new Error('broken');
  },
};

function scoreOf(text: string): Float32Array {
  const scores = new Float32Array(CATEGORIES.length);
  const share = (letter: string): number => Math.min(0.9, (4 * (text.split(letter).length - 1)) / (text.length + 4));
  scores[CATEGORIES.indexOf('crime')] = share('x');
  scores[CATEGORIES.indexOf('violence')] = share('k');
  return scores;
}

/** Redacts severity 3 and `crime`, blocks severity 4 and `violence`; the mask is `#`. */
export function testPolicy(options: {
  mode?: ResolvedPolicy['mode'];
  onDetectorError?: ResolvedPolicy['onDetectorError'];
  /** How streams wait: the keys of a policy's `output` that say so. */
  hold?: Pick<NonNullable<PolicyConfig['output']>, 'hold' | 'maxHoldChars' | 'maxHoldMs' | 'onHoldLimit'>;
}): ResolvedPolicy {
  const policies = resolvePolicies({
    policies: {
      test: {
        output: {
          ...options.hold,
          abusive: { flag: 0.75, redact: 0.9, block: 0.99 },
          crime: { flag: 0.3, redact: 0.6 },
          violence: { flag: 0.3, block: 0.6 },
        },
        severityScores: { '1': 0.5, '2': 0.75, '3': 0.97, '4': 0.995 },
        mask: '#',
      },
    },
    mode: options.mode ?? 'enforce',
    onDetectorError: options.onDetectorError ?? 'block',
  });
  const policy = policies.get('test');
  if (policy === undefined) throw new Error('no test policy');
  return policy;
}

/** A moderator over the test detectors. */
export function testModerator(classifier: TextClassifier = testClassifier): Moderator {
  return new Moderator({ lexicon: testLexicon, classifier, cacheMaxBytes: 100_000 });
}
