import { type ConfigInput, createModerator, type TextModerator } from '../../src/index.js';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { type ContrastPair, PARTS, readContrastPairs } from './contrast/contrast-pairs.js';

/** Shares of a group of pairs, in [0, 1]. */
interface PairShares {
  readonly pairs: number;
  /** The harmful side scores strictly higher; a tie counts as wrong. */
  readonly rankedRight: number;
  /** The default policy does something about the harmless side. */
  readonly harmlessFlagged: number;
  /** The default policy does something about the harmful side. */
  readonly harmfulFlagged: number;
}

interface JudgedPair extends ContrastPair {
  readonly right: boolean;
  readonly harmlessFlagged: boolean;
  readonly harmfulFlagged: boolean;
}

function judge(moderator: TextModerator, pair: ContrastPair): JudgedPair {
  const direction = pair.role === 'output' ? 'output' : 'input';
  const harmful = moderator.moderate(pair.harmful, direction);
  const harmless = moderator.moderate(pair.harmless, direction);
  return {
    ...pair,
    right: Math.max(...Object.values(harmful.scores)) > Math.max(...Object.values(harmless.scores)),
    harmlessFlagged: harmless.action !== 'allow',
    harmfulFlagged: harmful.action !== 'allow',
  };
}

function sharesOf(pairs: readonly JudgedPair[]): PairShares {
  const share = (test: (pair: JudgedPair) => boolean): number =>
    Math.round((1000 * pairs.filter(test).length) / pairs.length) / 1000;
  return {
    pairs: pairs.length,
    rankedRight: share((pair) => pair.right),
    harmlessFlagged: share((pair) => pair.harmlessFlagged),
    harmfulFlagged: share((pair) => pair.harmfulFlagged),
  };
}

function measurementsOf(name: string, pairs: readonly JudgedPair[]): Measurement[] {
  const { pairs: count, ...shares } = sharesOf(pairs);
  return [
    { case: name, metric: 'pairs', value: count, unit: 'count', ratios: {} },
    ...Object.entries(shares).map(
      ([metric, value]): Measurement => ({ case: name, metric, value, unit: 'of 1', ratios: {} }),
    ),
  ];
}

function measurementsBy(pairs: readonly JudgedPair[], keyOf: (pair: JudgedPair) => string): Measurement[] {
  const keys = [...new Set(pairs.map(keyOf))];
  return keys.flatMap((key) =>
    measurementsOf(
      key,
      pairs.filter((pair) => keyOf(pair) === key),
    ),
  );
}

/** `--part train|dev|test` restricts to one part, `--only lists|classifier` leaves the other detector out. */
export const benchmark: Benchmark = {
  about:
    'How well harmful and harmless sentences of the same words are told apart, per part and language, and per theme.',
  run: measureContrast,
};

async function measureContrast(args: readonly string[]): Promise<Measurement[]> {
  const optionOf = (option: string): string | undefined =>
    args.includes(option) ? args[args.indexOf(option) + 1] : undefined;
  const part = PARTS.find((candidate) => candidate === optionOf('--part'));
  const only = optionOf('--only');
  const config: ConfigInput = {
    ...(only === 'lists' ? { classifier: { enabled: false } } : {}),
    ...(only === 'classifier' ? { lists: [] } : {}),
  };
  const moderator = await createModerator(config);
  const pairs = readContrastPairs()
    .filter((pair) => part === undefined || pair.part === part)
    .map((pair) => judge(moderator, pair));
  return [
    ...measurementsOf('all', pairs),
    ...measurementsBy(pairs, (pair) => `${pair.part} ${pair.lang}`),
    ...measurementsBy(pairs, (pair) => `theme ${pair.theme}`),
  ];
}
