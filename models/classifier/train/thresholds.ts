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
/** Steps of the share of a category's positives that its threshold finds. */
const RECALLS = [0.003, 0.01, ...Array.from({ length: 49 }, (_, step) => 0.02 * (step + 1))];
/** Least threshold: below it a probability says nothing. */
const LEAST_THRESHOLD = 0.02;
/** Above every probability that the model gives. */
const NEVER = Number.POSITIVE_INFINITY;

/** Benign rows of one kind. */
interface Group {
  readonly rows: readonly JudgedRow[];
  /** Most rows that any threshold may reach. */
  readonly limit: number;
  /** 1 for each row that some threshold reaches already. */
  readonly reached: Uint8Array;
  count: number;
}

/**
 * Thresholds of one direction. Starting from none, the category is loosened next whose next 2 % of positives cost least, as long as
 * every kind of benign rows stays within its limit. A category that is not `trusted` never blocks.
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
      .map(([kind, group]) => ({
        rows: group,
        limit: FALSE_POSITIVE_LIMITS[action](kind) * group.length,
        reached: new Uint8Array(group.length),
        count: 0,
      }));
    const allowed = CATEGORIES.map((_, index) => action === 'flag' || trusted[index] === true);
    // Violating rows of both directions: some categories have hardly any of one.
    return loosen(groups, judged, allowed);
  };
  const block = choose('block');
  const flag = choose('flag').map((threshold, index) => Math.min(threshold, block[index] ?? NEVER));
  return { flag, block };
}

function loosen(groups: readonly Group[], rows: readonly JudgedRow[], allowed: readonly boolean[]): number[] {
  const steps = CATEGORIES.map((_, index) => {
    const scores = rows
      .filter(({ targets }) => targets[index] === 1)
      .map(({ probabilities }) => probabilities[index] ?? 0)
      .sort((a, b) => b - a);
    const thresholds = RECALLS.map((recall) => scores[Math.floor(recall * scores.length)] ?? 0);
    return thresholds.map((threshold) =>
      Math.min(0.9999, Math.max(LEAST_THRESHOLD, Math.ceil(threshold * 10_000) / 10_000)),
    );
  });
  const at = CATEGORIES.map(() => -1);
  const open = new Set([...CATEGORIES.keys()].filter((index) => allowed[index] === true));
  while (open.size > 0) {
    let best: { index: number; cost: number } | undefined;
    for (const index of open) {
      const threshold = steps[index]?.[(at[index] ?? -1) + 1];
      const cost = threshold === undefined ? undefined : costOf(groups, index, threshold);
      if (cost === undefined) {
        open.delete(index);
        continue;
      }
      // What is found already makes more worth less: no category starves.
      const weighed = (cost + 1e-4) * ((at[index] ?? -1) + 2);
      if (best === undefined || weighed < best.cost) best = { index, cost: weighed };
    }
    if (best === undefined) break;
    const step = (at[best.index] ?? -1) + 1;
    at[best.index] = step;
    reach(groups, best.index, steps[best.index]?.[step] ?? NEVER);
  }
  return at.map((step, index) => (step < 0 ? NEVER : (steps[index]?.[step] ?? NEVER)));
}

/** How much of the limits one more step uses up, dearer the nearer a limit is; `undefined` when it breaks one. */
function costOf(groups: readonly Group[], index: number, threshold: number): number | undefined {
  let cost = 0;
  for (const { rows, limit, reached, count } of groups) {
    let more = 0;
    for (let at = 0; at < rows.length; at++) {
      if (reached[at] === 0 && (rows[at]?.probabilities[index] ?? 0) >= threshold) more++;
    }
    if (count + more > limit) return undefined;
    cost += ((count + more) / limit) ** 2 - (count / limit) ** 2;
  }
  return cost;
}

function reach(groups: readonly Group[], index: number, threshold: number): void {
  for (const group of groups) {
    group.rows.forEach(({ probabilities }, at) => {
      if (group.reached[at] === 1 || (probabilities[index] ?? 0) < threshold) return;
      group.reached[at] = 1;
      group.count++;
    });
  }
}
