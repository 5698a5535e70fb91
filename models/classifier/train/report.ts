import {
  areaUnderCurve,
  averagePrecision,
  averagePrecisionInterval,
  recallAtRate,
} from '../../../src/commands/eval-metrics.js';
import type { Random } from '../../../src/commands/eval-random.js';
import { CATEGORIES } from '../../../src/core/index.js';
import { benignKind } from './benign-kinds.js';
import { type Calibration, calibrated, calibrationError, type Scored } from './calibrate.js';
import type { Row } from './read-rows.js';
import type { JudgedRow, Thresholds } from './thresholds.js';

/** A row with its logits. */
export interface ScoredRow extends Scored {
  readonly row: Row;
}

const LEAST_POSITIVES = 20;

/** Figures of one category, for all languages or one. */
export function categoryReport(
  scored: readonly ScoredRow[],
  calibrations: readonly Calibration[],
  random: Random,
): Record<string, unknown>[] {
  return CATEGORIES.flatMap((category, index) =>
    ['all', 'en', 'zh'].flatMap((language) => {
      const rows = scored.filter(
        ({ row, weights }) => (weights[index] ?? 0) > 0 && (language === 'all' || row.lang === language),
      );
      const labels = rows.map(({ targets }) => targets[index] ?? 0);
      const positives = labels.filter((label) => label === 1).length;
      if (positives < (language === 'all' ? 1 : LEAST_POSITIVES)) return [];
      const calibration = calibrations[index] ?? { own: 1, any: 0, offset: 0 };
      const scores = rows.map(({ logits }) => calibrated(calibration, logits, index));
      return [
        {
          category,
          language,
          positives,
          negatives: labels.length - positives,
          ap: round(averagePrecision(scores, labels)),
          apInterval: interval(scores, labels, random),
          auc: round(areaUnderCurve(scores, labels)),
          ece: round(calibrationError(scores, labels)),
        },
      ];
    }),
  );
}

/** Figures of `any`: the highest of the ten probabilities. */
export function anyReport(
  scored: readonly ScoredRow[],
  calibrations: readonly Calibration[],
  random: Random,
): Record<string, unknown> {
  const rows = scored.filter(({ row }) => row.any !== null);
  const labels = rows.map(({ row }) => row.any ?? 0);
  const scores = rows.map(({ logits }) =>
    Math.max(...calibrations.map((each, index) => calibrated(each, logits, index))),
  );
  return {
    positives: labels.filter((label) => label === 1).length,
    negatives: labels.filter((label) => label === 0).length,
    ap: round(averagePrecision(scores, labels)),
    apInterval: interval(scores, labels, random),
    auc: round(areaUnderCurve(scores, labels)),
    recallAt1PercentBenign: round(recallAtRate(scores, labels, 0.01)),
    recallAt1PercentCleanBenign: round(recallAtCleanRate(rows, scores)),
  };
}

/** Share of benign rows of each kind that the thresholds flag and block. */
export function benignReport(
  benign: readonly JudgedRow[],
  thresholdsOf: (row: Row) => Thresholds,
): Record<string, unknown>[] {
  const kinds = new Map<string, JudgedRow[]>();
  for (const row of benign) kinds.set(benignKind(row.row), [...(kinds.get(benignKind(row.row)) ?? []), row]);
  const reach = (rows: readonly JudgedRow[], action: keyof Thresholds): number =>
    rows.filter(({ row, probabilities }) => {
      const thresholds = thresholdsOf(row)[action];
      return probabilities.some((probability, index) => probability >= (thresholds[index] ?? 1));
    }).length / rows.length;
  return [...kinds].map(([kind, rows]) => ({
    kind,
    rows: rows.length,
    flagged: round(reach(rows, 'flag')),
    blocked: round(reach(rows, 'block')),
  }));
}

/** Share of positives per category that its own thresholds flag and block. */
export function recallReport(
  scored: readonly ScoredRow[],
  calibrations: readonly Calibration[],
  thresholdsOf: (row: Row) => Thresholds,
): Record<string, unknown>[] {
  return CATEGORIES.map((category, index) => {
    const rows = scored.filter(({ targets, weights }) => targets[index] === 1 && (weights[index] ?? 0) > 0);
    const calibration = calibrations[index] ?? { own: 1, any: 0, offset: 0 };
    const share = (action: keyof Thresholds): number =>
      rows.filter(
        ({ row, logits }) => calibrated(calibration, logits, index) >= (thresholdsOf(row)[action][index] ?? 1),
      ).length / rows.length;
    return { category, positives: rows.length, flagged: round(share('flag')), blocked: round(share('block')) };
  });
}

/** Recall of `any` where 1 % of the rows that are harmless by construction are reached: their labels are sure. */
function recallAtCleanRate(rows: readonly ScoredRow[], scores: readonly number[]): number {
  const kept = rows.map((_, at) => at).filter((at) => rows[at]?.row.any === 1 || isClean(rows[at]?.row));
  return recallAtRate(
    kept.map((at) => scores[at] ?? 0),
    kept.map((at) => rows[at]?.row.any ?? 0),
    0.01,
  );
}

function isClean(row: Row | undefined): boolean {
  return row !== undefined && row.any === 0 && !/^(?:posts|alarming)/u.test(benignKind(row));
}

function interval(scores: readonly number[], labels: readonly number[], random: Random): [number, number] {
  const [low, high] = averagePrecisionInterval(scores, labels, random);
  return [round(low), round(high)];
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
