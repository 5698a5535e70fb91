import { createHash } from 'node:crypto';
import type { Config, PolicyConfig } from '../config/index.js';
import { CATEGORIES, type Category, ConfigError, type ConfigIssue, DIRECTIONS, type Direction } from '../core/index.js';
import { type AnswerRules, BUILT_IN_ANSWERS, overrideAnswers } from './answer-rules.js';
import { CLASSIFIER_THRESHOLDS } from './classifier-thresholds.js';
import { overrideHold, type ResolvedHold, resolveHold, type WrittenHold } from './resolve-hold.js';

/** Scores in [0, 1] from which a detection is a hit; `Infinity` where the action is never taken. */
export interface ResolvedThresholds {
  readonly flag: number;
  readonly redact: number;
  readonly block: number;
}

/** Thresholds of every category. */
export type CategoryThresholds = Readonly<Record<Category, ResolvedThresholds>>;

/** A policy with everything inherited filled in. */
export interface ResolvedPolicy {
  readonly name: string;
  readonly mode: Config['mode'];
  /** Replaces each redacted span; constant, so it tells nothing about what stood there. */
  readonly mask: string;
  /** Scores in [0, 1] of list matches of severity 1 to 4. */
  readonly severityScores: readonly [number, number, number, number];
  /** Thresholds of list matches. */
  readonly input: CategoryThresholds;
  readonly output: CategoryThresholds;
  /** Thresholds of classifier scores: chosen with the model, except where the config sets a number, which holds for both. */
  readonly classifier: Readonly<Record<Direction, CategoryThresholds>>;
  readonly hold: Readonly<Record<Direction, ResolvedHold>>;
  readonly onDetectorError: Config['onDetectorError'];
  /** Hash of everything above that can change what is found in a text. */
  readonly version: string;
  /** What clients are told; it changes no verdict. */
  readonly answers: AnswerRules;
  /** What happens to texts under keys that a format does not know; it changes no verdict. */
  readonly unknownFields: Readonly<Record<Direction, 'allow' | 'flag' | 'block'>>;
}

type Rules = Pick<
  ResolvedPolicy,
  'mask' | 'severityScores' | 'classifier' | 'answers' | 'unknownFields' | Direction
> & {
  readonly hold: Readonly<Record<Direction, WrittenHold>>;
};

const USUAL: ResolvedThresholds = { flag: 0.75, redact: Number.POSITIVE_INFINITY, block: 0.97 };

const BUILT_IN: Rules = {
  mask: '[redacted]',
  severityScores: [0.5, 0.75, 0.97, 0.995],
  input: forEachCategory((category) => (category === 'abusive' ? { ...USUAL, block: 0.99 } : USUAL)),
  output: forEachCategory((category) => (category === 'abusive' ? { ...USUAL, redact: 0.9, block: 0.99 } : USUAL)),
  classifier: { input: classifierThresholds('input'), output: classifierThresholds('output') },
  hold: { input: {}, output: {} },
  answers: BUILT_IN_ANSWERS,
  unknownFields: { input: 'allow', output: 'allow' },
};

/**
 * Every policy of the config by name, always with `default`. A policy inherits from what it extends, `default` from the built-in values.
 *
 * @throws {ConfigError} When a policy extends an unknown policy or, directly or not, itself; lists every issue.
 */
export function resolvePolicies(
  config: Pick<Config, 'policies' | 'mode' | 'onDetectorError'>,
): ReadonlyMap<string, ResolvedPolicy> {
  const written = new Map<string, PolicyConfig>([['default', {}], ...Object.entries(config.policies)]);
  const issues = [...written.keys()].flatMap((name) => inheritanceIssues(name, written));
  if (issues.length > 0) throw new ConfigError('policies', issues);

  const resolved = new Map<string, ResolvedPolicy>();
  for (const name of written.keys()) {
    const rules = ancestry(name, written).reduceRight<Rules>(
      (base, ancestor) => override(base, written.get(ancestor) ?? {}),
      BUILT_IN,
    );
    const hold = { input: resolveHold(rules.hold.input), output: resolveHold(rules.hold.output) };
    const policy = { name, mode: config.mode, ...rules, hold, onDetectorError: config.onDetectorError };
    resolved.set(name, { ...policy, version: versionOf(policy) });
  }
  return resolved;
}

function parentOf(name: string, policy: PolicyConfig | undefined): string | undefined {
  return policy?.extends ?? (name === 'default' ? undefined : 'default');
}

/** `name` and what it extends, nearest first; stops at an unknown name or before a repeated one. */
function ancestry(name: string, written: ReadonlyMap<string, PolicyConfig>): string[] {
  const names: string[] = [];
  for (let at: string | undefined = name; at !== undefined && written.has(at) && !names.includes(at); ) {
    names.push(at);
    at = parentOf(at, written.get(at));
  }
  return names;
}

function inheritanceIssues(name: string, written: ReadonlyMap<string, PolicyConfig>): ConfigIssue[] {
  const path = `policies.${name}.extends`;
  const parent = parentOf(name, written.get(name));
  if (parent === undefined) return [];
  if (!written.has(parent)) {
    return [{ path, message: `no policy is named '${parent}'; there are: ${[...written.keys()].join(', ')}` }];
  }
  const chain = ancestry(parent, written);
  if (!chain.includes(name)) return [];
  const cycle = [name, ...chain.slice(0, chain.indexOf(name) + 1)];
  return [{ path, message: `policy extends itself: ${cycle.join(' -> ')}` }];
}

function override(base: Rules, policy: PolicyConfig): Rules {
  const [mild, medium, strong, severe] = base.severityScores;
  const scores = policy.severityScores;
  return {
    mask: policy.mask ?? base.mask,
    severityScores: [scores?.[1] ?? mild, scores?.[2] ?? medium, scores?.[3] ?? strong, scores?.[4] ?? severe],
    input: overrideThresholds(base.input, policy.input),
    output: overrideThresholds(base.output, policy.output),
    classifier: {
      input: overrideThresholds(base.classifier.input, policy.input),
      output: overrideThresholds(base.classifier.output, policy.output),
    },
    hold: {
      input: overrideHold(base.hold.input, policy.input),
      output: overrideHold(base.hold.output, policy.output),
    },
    answers: overrideAnswers(base.answers, policy),
    unknownFields: {
      input: policy.unknownFields?.input ?? base.unknownFields.input,
      output: policy.unknownFields?.output ?? base.unknownFields.output,
    },
  };
}

function overrideThresholds(base: CategoryThresholds, written: PolicyConfig[Direction]): CategoryThresholds {
  return forEachCategory((category) => {
    const inherited = base[category];
    const own = written?.[category];
    return {
      flag: own?.flag ?? inherited.flag,
      redact: own?.redact ?? inherited.redact,
      block: own?.block ?? inherited.block,
    };
  });
}

function classifierThresholds(direction: Direction): CategoryThresholds {
  return forEachCategory((category) => {
    const [flag, block] = CLASSIFIER_THRESHOLDS[direction][category];
    // The span of a classifier score is a guess: too coarse to cut text out by default.
    return { flag, redact: Number.POSITIVE_INFINITY, block };
  });
}

function forEachCategory<T>(make: (category: Category) => T): Record<Category, T> {
  return Object.fromEntries(CATEGORIES.map((category) => [category, make(category)])) as Record<Category, T>;
}

function versionOf(policy: Omit<ResolvedPolicy, 'version'>): string {
  const thresholds = [policy, policy.classifier].map((rules) =>
    DIRECTIONS.map((direction) =>
      CATEGORIES.map((category) => {
        const { flag, redact, block } = rules[direction][category];
        return [flag, redact, block].map(String);
      }),
    ),
  );
  const { name, mode, mask, severityScores, onDetectorError } = policy;
  const content = JSON.stringify([name, mode, mask, severityScores, onDetectorError, thresholds]);
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
