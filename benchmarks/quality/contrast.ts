import { type ConfigInput, createModerator, type TextModerator } from '../../src/index.js';
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

function sharesBy(pairs: readonly JudgedPair[], keyOf: (pair: JudgedPair) => string): Record<string, PairShares> {
  const keys = [...new Set(pairs.map(keyOf))];
  return Object.fromEntries(keys.map((key) => [key, sharesOf(pairs.filter((pair) => keyOf(pair) === key))]));
}

/**
 * How well harmful and harmless sentences of the same words are told apart: per part and language, and per theme.
 * `--part train|dev|test` restricts to one part, `--only lists|classifier` leaves the other detector out.
 */
export async function measureContrast(args: readonly string[]): Promise<unknown> {
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
  return {
    all: sharesOf(pairs),
    parts: sharesBy(pairs, (pair) => `${pair.part} ${pair.lang}`),
    themes: sharesBy(pairs, (pair) => pair.theme),
  };
}
