import type { Category, EnforcementRules, Verdict } from '../core/index.js';

/** How many strikes a block is worth, and for what. */
export interface StrikeWorth {
  readonly weight: number;
  readonly category: Category;
}

/**
 * What a blocked text counts against its subject: the most of its blocking categories, each 1 where nothing is said; undefined
 * where no content was the reason, as when a detector failed. Pure.
 */
export function worthOf(
  { applied, hits }: Verdict,
  weights: Readonly<Partial<Record<Category, number | undefined>>>,
): StrikeWorth | undefined {
  if (applied !== 'block') return undefined;
  let worth: StrikeWorth | undefined;
  for (const { action, category } of hits) {
    const weight = weights[category] ?? 1;
    if (action === 'block' && weight > (worth?.weight ?? 0)) worth = { weight, category };
  }
  return worth;
}

/** The steps that are reached with `after` strikes and were not with `before`, in their order. Pure. */
export function climbLadder(
  ladder: EnforcementRules['ladder'],
  { before, after }: { readonly before: number; readonly after: number },
): EnforcementRules['ladder'] {
  return ladder.filter(({ at }) => at > before && at <= after);
}

/** A step that a ladder leads to. */
export interface ReachedStep {
  readonly rung: EnforcementRules['ladder'][number];
  /** When the strike came that led to it, in milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Strikes at that time. */
  readonly strikes: number;
}

const DAY_MS = 86_400_000;

/** The steps that some strikes of a subject lead to, in their order. Pure; O(strikes times rungs). */
export function replayLadder(
  strikes: readonly { readonly timeMs: number; readonly weight: number }[],
  { expireDays, ladder }: EnforcementRules,
): ReachedStep[] {
  const inOrder = [...strikes].sort((left, right) => left.timeMs - right.timeMs);
  const reached: ReachedStep[] = [];
  let counted = 0;
  let first = 0;
  for (const { timeMs, weight } of inOrder) {
    counted += weight;
    for (let oldest = inOrder[first]; oldest !== undefined && oldest.timeMs <= timeMs - expireDays * DAY_MS; ) {
      counted -= oldest.weight;
      first += 1;
      oldest = inOrder[first];
    }
    for (const rung of climbLadder(ladder, { before: counted - weight, after: counted })) {
      reached.push({ rung, timeMs, strikes: counted });
    }
  }
  return reached;
}
