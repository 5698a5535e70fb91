import type { Measurement } from './benchmark.js';

/** Measurements as a table for people, one line each. */
export function formatMeasurements(measurements: readonly Measurement[]): string {
  const rows = measurements.map(({ case: name, metric, value, unit, ratios }) => [
    name,
    metric,
    `${value} ${unit}`,
    Object.entries(ratios)
      .map(([peer, ratio]) => `${ratio}x ${peer}`)
      .join(', '),
  ]);
  const table = [['case', 'metric', 'value', 'beside'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
