import { CATEGORIES, DIRECTIONS } from '../core/index.js';
import {
  areaUnderCurve,
  averagePrecision,
  averagePrecisionInterval,
  percentile,
  recallAtRate,
} from './eval-metrics.js';
import { Random } from './eval-random.js';
import { ANY_COLUMN, type EvalScores } from './eval-scores.js';

/** Figures of some rows for one category, or for `any` violation; shares in [0, 1], null where there is nothing to divide by. */
export interface EvalFigures {
  readonly name: string;
  /** Rows whose label is known, and the positives among them. */
  readonly rows: number;
  readonly positives: number;
  /** Rows that violate nothing at all: the false-positive rates are shares of them. */
  readonly benign: number;
  readonly averagePrecision: number | null;
  /** 95 % bootstrap interval; left out for sources and languages. */
  readonly averagePrecisionInterval?: readonly [low: number, high: number] | null;
  readonly areaUnderCurve: number | null;
  /** What the policy as configured does: flags, or anything stronger. */
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly falsePositiveRate: { readonly flag: number | null; readonly block: number | null };
  readonly recallAtOnePercent: number | null;
  /** Time of one text, microseconds. */
  readonly micros: { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null };
}

/** All figures of one evaluation. */
export interface EvalSummary {
  readonly any: EvalFigures;
  readonly categories: readonly EvalFigures[];
  readonly directions: readonly EvalFigures[];
  readonly sources: readonly EvalFigures[];
  readonly languages: readonly EvalFigures[];
}

const SEED = 1;
const BENIGN_RATE = 0.01;

interface FiguresOptions {
  readonly name: string;
  readonly rows: readonly number[];
  readonly column: number;
  /** Makes the interval; without it there is none. */
  readonly random?: Random;
}

/** Figures of everything that was judged. The same scores give the same figures. */
export function summarize(scores: EvalScores): EvalSummary {
  const rows = Array.from({ length: scores.length }, (_, row) => row);
  const random = new Random(SEED);
  const column = ANY_COLUMN;
  const by = (group: 'source' | 'language'): EvalFigures[] =>
    scores.rowsBy(group).map(([name, rows]) => figuresOf(scores, { name, rows, column }));
  return {
    any: figuresOf(scores, { name: 'any', rows, column, random }),
    categories: CATEGORIES.map((name, column) => figuresOf(scores, { name, rows, column, random })),
    directions: DIRECTIONS.map((name) =>
      figuresOf(scores, { name, rows: rows.filter((row) => scores.direction(row) === name), column, random }),
    ),
    sources: by('source'),
    languages: by('language'),
  };
}

function figuresOf(scores: EvalScores, { name, rows, column, random }: FiguresOptions): EvalFigures {
  const known = rows.filter((row) => scores.label(row, column) !== undefined);
  const benign = rows.filter((row) => scores.isBenign(row));
  const positives = known.filter((row) => scores.label(row, column) === 1);
  const flagged = known.filter((row) => scores.isFlagged(row, column));
  const found = flagged.filter((row) => scores.label(row, column) === 1).length;
  const labels = known.map((row) => scores.label(row, column) ?? 0);
  const values = known.map((row) => scores.score(row, column));
  const hasBoth = positives.length > 0 && positives.length < known.length;
  const againstBenign = [...positives, ...benign];
  const micros = known.map((row) => scores.micros(row));
  const share = (part: number, whole: number): number | null => orNull(part / whole);
  return {
    name,
    rows: known.length,
    positives: positives.length,
    benign: benign.length,
    averagePrecision: hasBoth ? averagePrecision(values, labels) : null,
    ...(random && { averagePrecisionInterval: hasBoth ? averagePrecisionInterval(values, labels, random) : null }),
    areaUnderCurve: hasBoth ? areaUnderCurve(values, labels) : null,
    precision: positives.length === 0 ? null : share(found, flagged.length),
    recall: share(found, positives.length),
    f1: positives.length === 0 ? null : share(2 * found, flagged.length + positives.length),
    falsePositiveRate: {
      flag: share(benign.filter((row) => scores.isFlagged(row, column)).length, benign.length),
      block: share(benign.filter((row) => scores.isBlocked(row, column)).length, benign.length),
    },
    recallAtOnePercent: orNull(
      recallAtRate(
        againstBenign.map((row) => scores.score(row, column)),
        againstBenign.map((_, at) => (at < positives.length ? 1 : 0)),
        BENIGN_RATE,
      ),
    ),
    micros: {
      p50: orNull(percentile(micros, 0.5)),
      p95: orNull(percentile(micros, 0.95)),
      p99: orNull(percentile(micros, 0.99)),
    },
  };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
