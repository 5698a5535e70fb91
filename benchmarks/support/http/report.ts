import type { Measurement } from '../benchmark.js';
import type { Figures } from './rig.js';

/** What of the figures is told, and how it is set beside others: a cost is ours divided by theirs, as is a speed. */
const METRICS: readonly { readonly key: keyof Figures; readonly metric: string; readonly unit: string }[] = [
  { key: 'cpuUs', metric: 'processor time', unit: 'µs' },
  { key: 'requestsPerSecond', metric: 'throughput', unit: 'requests/s' },
  { key: 'p50Ms', metric: 'p50', unit: 'ms' },
  { key: 'p99Ms', metric: 'p99', unit: 'ms' },
  { key: 'firstTokenMs', metric: 'time to first token, p50', unit: 'ms' },
];

/** The figures of one subject, each beside those of all the others. */
export function report(name: string, subject: string, figures: ReadonlyMap<string, Figures>): Measurement[] {
  const ours = figures.get(subject);
  if (ours === undefined) throw new Error(`no figures of ${subject}`);
  const others = [...figures].filter(([other]) => other !== subject);
  return METRICS.filter(({ key }) => Number.isFinite(ours[key])).map(({ key, metric, unit }) => ({
    case: name,
    metric,
    value: ours[key],
    unit,
    ratios: Object.fromEntries(others.map(([other, theirs]) => [other, ours[key] / theirs[key]])),
  }));
}
