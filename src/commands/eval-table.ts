import type { EvalFigures, EvalSummary } from './eval-figures.js';
import { formatTable } from './format-table.js';

const HEAD = [
  'rows',
  'positives',
  'benign',
  'AP',
  '95 %',
  'AUC',
  'F1',
  'precision',
  'recall',
  'FPR flag',
  'FPR block',
  'recall@1%',
  'p50 us',
  'p95 us',
  'p99 us',
];

/** The figures as tables for a terminal, one per group. */
export function describeSummary(summary: EvalSummary): string {
  const { any, categories, directions, sources, languages } = summary;
  const groups: [string, readonly EvalFigures[]][] = [
    ['category', [any, ...categories]],
    ['direction', directions],
    ['language', languages],
    ['source', sources],
  ];
  // One table, so that the columns of all groups stand below each other.
  const cells = groups.flatMap(([title, figures]) => [[title, ...HEAD], ...figures.map(cellsOf)]);
  const lines = formatTable(cells.map((row) => row.map((cell, column) => alignRight(cell, column, cells))));
  let at = 0;
  return groups
    .map(([, figures]) => {
      const from = at;
      at += figures.length + 1;
      return `${lines.slice(from, at).join('\n')}\n`;
    })
    .join('\n');
}

/** The cells of one line of figures: its name, then one for each column. */
export function cellsOf(figures: EvalFigures): string[] {
  const { averagePrecisionInterval: interval, falsePositiveRate, micros } = figures;
  return [
    figures.name,
    String(figures.rows),
    String(figures.positives),
    String(figures.benign),
    decimal(figures.averagePrecision),
    interval ? interval.map(decimal).join('-') : '',
    decimal(figures.areaUnderCurve),
    decimal(figures.f1),
    decimal(figures.precision),
    decimal(figures.recall),
    percent(falsePositiveRate.flag),
    percent(falsePositiveRate.block),
    percent(figures.recallAtOnePercent),
    whole(micros.p50),
    whole(micros.p95),
    whole(micros.p99),
  ];
}

function alignRight(cell: string, column: number, rows: readonly (readonly string[])[]): string {
  return column === 0 ? cell : cell.padStart(Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}

/** A share with three decimals; a dash for none. */
export function decimal(value: number | null): string {
  return value === null ? '-' : value.toFixed(3);
}

function percent(value: number | null): string {
  return value === null ? '-' : `${(100 * value).toFixed(value < 0.01 ? 2 : 1)}%`;
}

function whole(value: number | null): string {
  return value === null ? '-' : value.toFixed(0);
}
