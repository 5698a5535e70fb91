import { Counter, Registry } from 'prom-client';

/** Counters of one running instance. */
export interface Metrics {
  readonly registry: Registry;
  readonly screened: Counter;
  readonly unscreened: Counter;
  readonly upstreamErrors: Counter;
}

/** Returns fresh counters with a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    screened: new Counter({
      name: 'sluice_screened_total',
      help: 'Text fields and stream channels screened.',
      labelNames: ['direction', 'action'],
      registers,
    }),
    unscreened: new Counter({ name: 'sluice_unscreened_total', help: 'Requests that passed unscreened.', registers }),
    upstreamErrors: new Counter({ name: 'sluice_upstream_errors_total', help: 'Failed upstream calls.', registers }),
  };
}
