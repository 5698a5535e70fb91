import { CATEGORIES, type Direction } from '../../../src/core/index.js';
import { benignKind, FALSE_POSITIVE_LIMITS, type ThresholdAction } from './benign-kinds.js';
import type { Row } from './read-rows.js';

/** Probabilities of the ten categories for one dev row. */
export interface JudgedRow {
  readonly row: Row;
  readonly probabilities: readonly number[];
  readonly targets: ArrayLike<number>;
}

/** Thresholds of one direction, one per category. */
export type Thresholds = Readonly<Record<ThresholdAction, readonly number[]>>;

/** A kind with fewer rows says nothing about a rate of 0.2 %. */
const LEAST_ROWS = 100;
/** Steps of the share of benign rows that one category alone may reach. */
const SHARES = [0, ...Array.from({ length: 30 }, (_, step) => 0.0002 * 1.19 ** step)];
/** Above every probability that the model gives. */
const NEVER = Number.POSITIVE_INFINITY;

interface Group {
  readonly rows: readonly JudgedRow[];
  readonly limit: number;
}

/**
 * Thresholds of one direction. Starting from none, the category is loosened next whose step finds most positives per false positive, as
 * long as every kind of benign rows stays within its limit. A category that is not `trusted` never blocks.
 */
export function chooseThresholds(
  judged: readonly JudgedRow[],
  direction: Direction,
  trusted: readonly boolean[],
): Thresholds {
  const rows = judged.filter(({ row }) => row.role === 'comment' || (row.role === 'input') === (direction === 'input'));
  const kinds = new Map<string, JudgedRow[]>();
  for (const each of rows) {
    if (each.row.any !== 0 || each.row.weak?.includes('any') === true) continue;
    const kind = benignKind(each.row);
    const group = kinds.get(kind);
    if (group === undefined) kinds.set(kind, [each]);
    else group.push(each);
  }
  const choose = (action: ThresholdAction): number[] => {
    const groups = [...kinds]
      .filter(([, group]) => group.length >= LEAST_ROWS)
      .map(([kind, group]) => ({ rows: group, limit: FALSE_POSITIVE_LIMITS[action](kind) }));
    const allowed = CATEGORIES.map((_, index) => action === 'flag' || trusted[index] === true);
    return loosen(groups, rows, allowed);
  };
  const block = choose('block');
  const flag = choose('flag').map((threshold, index) => Math.min(threshold, block[index] ?? NEVER));
  return { flag, block };
}

function loosen(groups: readonly Group[], rows: readonly JudgedRow[], allowed: readonly boolean[]): number[] {
  const steps = CATEGORIES.map((_, index) => SHARES.map((share) => thresholdOfShare(groups, index, share)));
  const positives = CATEGORIES.map((_, index) =>
    rows.filter(({ targets }) => targets[index] === 1).map(({ probabilities }) => probabilities[index] ?? 0),
  );
  const recall = (index: number, step: number): number => {
    const found = positives[index] ?? [];
    const threshold = steps[index]?.[step] ?? NEVER;
    return found.filter((score) => score >= threshold).length / Math.max(10, found.length);
  };
  const at = CATEGORIES.map(() => -1);
  const open = new Set(CATEGORIES.keys());
  const thresholds = (): number[] => at.map((step, index) => (step < 0 ? NEVER : (steps[index]?.[step] ?? NEVER)));
  for (const index of CATEGORIES.keys()) if (allowed[index] !== true) open.delete(index);
  while (open.size > 0) {
    let best: { index: number; worth: number } | undefined;
    for (const index of open) {
      const step = (at[index] ?? -1) + 1;
      at[index] = step;
      const use = step < SHARES.length ? worstUse(groups, thresholds()) : 2;
      at[index] = step - 1;
      if (use > 1) {
        open.delete(index);
        continue;
      }
      const cost = (SHARES[step] ?? 0) - (step === 0 ? -0.0001 : (SHARES[step - 1] ?? 0));
      const worth = (recall(index, step) - (step === 0 ? 0 : recall(index, step - 1)) + 1e-4) / cost;
      if (best === undefined || worth > best.worth) best = { index, worth };
    }
    if (best !== undefined) at[best.index] = (at[best.index] ?? -1) + 1;
  }
  return thresholds();
}

/** Least threshold that `share` of the strictest kind stays below, rounded up so that the number in the table holds as well. */
function thresholdOfShare(groups: readonly Group[], index: number, share: number): number {
  const strictest = Math.min(...groups.map(({ limit }) => limit));
  const cuts = groups.map(({ rows, limit }) => {
    const scores = rows.map(({ probabilities }) => probabilities[index] ?? 0).sort((a, b) => b - a);
    return scores[Math.floor((scores.length * share * limit) / strictest)] ?? 0;
  });
  return Math.min(0.9999, Math.max(0.02, Math.ceil((Math.max(...cuts) + 1e-6) * 10_000) / 10_000));
}

/** Share of its limit that the worst kind uses; above 1 is too much. */
function worstUse(groups: readonly Group[], thresholds: readonly number[]): number {
  return Math.max(
    ...groups.map(({ rows, limit }) => {
      const reached = rows.filter(({ probabilities }) =>
        probabilities.some((score, index) => score >= (thresholds[index] ?? NEVER)),
      );
      return reached.length / rows.length / limit;
    }),
  );
}
