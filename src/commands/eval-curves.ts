import { CATEGORIES, type Direction } from '../core/index.js';
import type { ResolvedPolicy } from '../policy/index.js';
import { ANY_COLUMN, COLUMNS, type EvalScores } from './eval-scores.js';

/** Thresholds are thousandths, from 0 to 1. */
export const THRESHOLD_STEPS = 1000;

/** How many rows have their score in each step: pairs of a step and a count, without the steps that are empty. */
export type StepCounts = readonly number[];

/** What the slider needs of one category (or `any`) and one side. */
export interface Curve {
  readonly positives: StepCounts;
  readonly negatives: StepCounts;
  readonly benign: StepCounts;
  /** What the policy as configured does: its recall and precision; empty where there is none. */
  readonly configured: readonly [recall: number, precision: number] | readonly [];
  /** Threshold that the slider starts at, in steps. */
  readonly start: number;
}

/** Curves of all columns, for both sides together and for each. */
export type Curves = Readonly<Record<'both' | Direction, readonly Curve[]>>;

/** Step of the highest threshold that a score reaches. */
export function stepOf(score: number): number {
  const step = Math.floor(score * THRESHOLD_STEPS);
  // The product may be rounded to either side.
  if (score >= (step + 1) / THRESHOLD_STEPS) return step + 1;
  return score < step / THRESHOLD_STEPS ? step - 1 : step;
}

/** Curves of everything that was judged. */
export function curvesOf(scores: EvalScores, policy: ResolvedPolicy): Curves {
  const of = (side: 'both' | Direction): Curve[] => {
    const rows = Array.from({ length: scores.length }, (_, row) => row).filter(
      (row) => side === 'both' || scores.direction(row) === side,
    );
    return COLUMNS.map((_, column) =>
      curveOf(scores, { rows, column, start: startOf(policy, column, side === 'output' ? 'output' : 'input') }),
    );
  };
  return { both: of('both'), input: of('input'), output: of('output') };
}

interface CurveOptions {
  readonly rows: readonly number[];
  readonly column: number;
  readonly start: number;
}

function curveOf(scores: EvalScores, { rows, column, start }: CurveOptions): Curve {
  const positives = rows.filter((row) => scores.label(row, column) === 1);
  const negatives = rows.filter((row) => scores.label(row, column) === 0);
  const found = positives.filter((row) => scores.isFlagged(row, column)).length;
  const flagged = found + negatives.filter((row) => scores.isFlagged(row, column)).length;
  const count = (some: readonly number[]): StepCounts => countSteps(some.map((row) => scores.reach(row, column)));
  return {
    positives: count(positives),
    negatives: count(negatives),
    benign: count(rows.filter((row) => scores.isBenign(row))),
    configured: flagged === 0 || positives.length === 0 ? [] : [found / positives.length, found / flagged],
    start,
  };
}

function countSteps(scores: readonly number[]): StepCounts {
  const counts = new Map<number, number>();
  for (const score of scores) counts.set(stepOf(score), (counts.get(stepOf(score)) ?? 0) + 1);
  return [...counts].sort(([left], [right]) => left - right).flat();
}

function startOf(policy: ResolvedPolicy, column: number, direction: Direction): number {
  const flags = CATEGORIES.map((category) => policy.classifier[direction][category].flag);
  const flag = column === ANY_COLUMN ? Math.min(...flags) : (flags[column] ?? 1);
  return Math.round(Math.min(1, flag) * THRESHOLD_STEPS);
}
