import { AggregatorRegistry, type Registry } from 'prom-client';
import type { MetricsText } from '../http/index.js';

/** The series of one metric, as prom-client gives and takes them. */
export type MetricValues = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

/** Returns the series of a registry that can be sent as JSON: those without a value yet are left out. */
export async function metricValues(registry: Registry): Promise<MetricValues[]> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map((metric) => ({
    ...metric,
    values: metric.values.filter(({ value }) => Number.isFinite(value)),
  }));
}

/** The metrics of several processes as those of one. What a process that is gone had counted stays counted. */
export class JointMetrics {
  readonly #own: Registry;
  /** By process, what it had counted when it was last asked. */
  readonly #last = new Map<number, readonly MetricValues[]>();
  /** The sum of what those that are gone had counted. */
  #gone: readonly MetricValues[] = [];

  /** @param own what the process that joins them has to say itself */
  constructor(own: Registry) {
    this.#own = own;
  }

  /** Remembers what a process has counted. */
  keep(process: number, metrics: readonly MetricValues[]): void {
    this.#last.set(process, metrics);
  }

  /**
   * Counts what a process had counted for good. A scrape that had seen less would otherwise take the next one, which sees less
   * still, for a restart of everything.
   */
  leave(process: number): void {
    const counted = (this.#last.get(process) ?? []).filter(isCounted);
    this.#last.delete(process);
    this.#gone = sumOf([this.#gone, counted]);
  }

  /** The metrics of the processes that are there, and the counts of those that were. */
  async text(): Promise<MetricsText> {
    const all = [...this.#last.values(), await metricValues(this.#own), this.#gone];
    const joint = AggregatorRegistry.aggregate(all);
    return { contentType: joint.contentType, text: await joint.metrics() };
  }
}

/** A count goes up for ever; all else is a state that ends with its process. */
function isCounted({ type }: MetricValues): boolean {
  return String(type) === 'counter' || String(type) === 'histogram';
}

function sumOf(all: readonly (readonly MetricValues[])[]): readonly MetricValues[] {
  // The joined metrics have their values, which the declaration does not say.
  return AggregatorRegistry.aggregate([...all]).getMetricsAsArray() as unknown as readonly MetricValues[];
}
