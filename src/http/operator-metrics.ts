import { type Aggregator, Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { Enforcement, Store } from '../core/index.js';

/** What is running, as labels of `sluice_info`. */
export interface InstanceInfo {
  /** Version of the package. */
  readonly version: string;
  /** Version of the default policy. */
  readonly policy: string;
  readonly lexicon: string;
  readonly model: string;
  /** What computes the classifier's scores, or `none`. */
  readonly backend: string;
}

/** Where the gauges read from when they are scraped. */
export interface OperatorMetricsSources {
  readonly store: Store | undefined;
  readonly enforcement: Enforcement | undefined;
  /** The feature database. */
  readonly features: { readonly count: () => number; readonly bytes: () => number } | undefined;
  readonly openExchanges: () => number;
  readonly info: () => InstanceInfo;
}

/** Adds gauges on the record, the strikes, the open exchanges and the versions in use, and those of Node.js, to a registry. */
export function registerOperatorMetrics(
  registry: Registry,
  { store, enforcement, features, openExchanges, info }: OperatorMetricsSources,
): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number, aggregator: Aggregator = 'sum'): void => {
    new Gauge({
      name,
      help,
      registers,
      aggregator,
      collect() {
        this.set(read());
      },
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  gauge('sluice_open_exchanges', 'Requests being answered.', openExchanges);
  if (store !== undefined) {
    gauge('sluice_store_queued', 'Record entries that wait to be written.', () => store.stats().queued);
    gauge(
      'sluice_store_spooled_bytes',
      'Bytes of the record on disk that wait for the database; alarming while above 0.',
      () => store.stats().spooledBytes,
    );
    counter('sluice_store_written', 'Record entries written durably since the start.', () => store.stats().written);
    counter(
      'sluice_store_dropped',
      'Record entries lost since the start; alarming above 0.',
      () => store.stats().dropped,
    );
    counter('sluice_store_errors', 'Failed attempts to write the record since the start.', () => store.stats().errors);
    gauge('sluice_store_healthy', '1 while the record can be written.', () => Number(store.stats().healthy), 'min');
  }
  if (enforcement !== undefined) {
    gauge('sluice_strikes_waiting', 'Strikes that wait to be written.', () => enforcement.stats().waiting);
    counter('sluice_strikes_lost', 'Strikes lost since the start; alarming above 0.', () => enforcement.stats().lost);
  }
  if (features !== undefined) {
    gauge('sluice_features', 'Features that are looked up.', features.count, 'max');
    gauge('sluice_features_bytes', 'Memory of the features in bytes.', features.bytes);
  }
  new Gauge({
    name: 'sluice_info',
    help: 'Always 1; the labels name the versions in use.',
    labelNames: ['version', 'policy', 'lexicon', 'model', 'backend'],
    registers,
    aggregator: 'first',
    collect() {
      // After a reload the versions before it must not stay behind as a second series.
      this.reset();
      this.set({ ...info() }, 1);
    },
  });
  collectDefaultMetrics({ register: registry });
}
