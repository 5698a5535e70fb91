import type { Measurement } from '../benchmarks/support/benchmark.js';
import type { SavedResult } from '../benchmarks/support/saved-result.js';
import { TARGETS, type Target } from '../benchmarks/targets.js';
import { replaceBetween } from './replace-between.js';

type Results = ReadonlyMap<string, SavedResult>;

/**
 * The readme with its table of benchmarks brought up to date: every target, and what the latest kept run of its benchmark says.
 * @throws {Error} when it has no place for the table, or a kept run lacks a case that a target names
 */
export function withBenchmarkTable(readme: string, results: Results): string {
  return replaceBetween(readme, {
    begin: '<!-- benchmarks: written by `npm run docs` -->',
    end: '<!-- /benchmarks -->',
    content: benchmarkTable(results),
  });
}

function benchmarkTable(results: Results): string {
  const rows = TARGETS.map((target) => `| ${rowOf(target, results.get(target.benchmark)).join(' | ')} |`);
  return [
    '| What | Target | Measured | Beside peers and bounds of the same run | `npm run bench --` |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...machinesOf(results),
  ].join('\n');
}

function rowOf(target: Target, saved: SavedResult | undefined): string[] {
  const { what, benchmark, ratio } = target;
  const measured = saved?.results.find(({ case: name, metric }) => name === target.case && metric === target.metric);
  if (measured === undefined) {
    if (saved !== undefined) throw new Error(`${benchmark} measures no "${target.metric}" of "${target.case}"`);
    return [what, boundOf(target, ''), 'not yet', '', `\`${benchmark}\``];
  }
  const value = ratio === undefined ? measured.value : measured.ratios[ratio];
  if (value === undefined) return [what, boundOf(target, ''), `not beside ${ratio}`, '', `\`${benchmark}\``];
  const unit = ratio === undefined ? ` ${measured.unit}` : `x ${ratio}`;
  const isMet =
    value >= (target.atLeast ?? Number.NEGATIVE_INFINITY) && value <= (target.atMost ?? Number.POSITIVE_INFINITY);
  return [
    what,
    boundOf(target, unit),
    `${value}${unit}${isMet ? '' : ', **missed**'}`,
    besideOf(measured, ratio),
    `\`${benchmark}\``,
  ];
}

function boundOf({ atLeast, atMost }: Target, unit: string): string {
  return atLeast === undefined ? `≤ ${atMost}${unit}` : `≥ ${atLeast}${unit}`;
}

function besideOf({ value, unit, ratios }: Measurement, shown: string | undefined): string {
  const others = Object.entries(ratios)
    .filter(([peer]) => peer !== shown)
    .map(([peer, ratio]) => `${ratio}x ${peer}`);
  return [...(shown === undefined ? [] : [`${value} ${unit}`]), ...others].join(', ');
}

/** Runs of one machine as one line. */
function machinesOf(results: Results): string[] {
  const shown = new Set(TARGETS.map(({ benchmark }) => benchmark));
  const lines = [...results.values()]
    .filter(({ benchmark }) => shown.has(benchmark))
    .map(
      ({ machine: { cpu, cores, memoryGb, platform, node } }) =>
        `${cpu}, ${cores} cores, ${memoryGb} GB, ${platform}, Node.js ${node.slice(1)}`,
    );
  return [...new Set(lines)].map((line) => `Measured on: ${line}.`);
}
