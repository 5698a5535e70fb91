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
