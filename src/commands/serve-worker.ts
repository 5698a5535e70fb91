import type { LimitSource } from '../core/index.js';
import type { OperatorView } from '../http/index.js';
import { metricValues, WorkerLink } from '../workers/index.js';
import { ConfigSource } from './config-source.js';
import { errorText, ToldError } from './error-text.js';
import type { FixedSettings } from './fixed-settings.js';
import type { Served, ServeOptions } from './serve.js';
import { type ServingProcess, serveProcess } from './serve-process.js';

/** What is different in one of several workers. */
export interface AsWorker {
  /** From 1. */
  readonly number: number;
  /** Where the limits of all workers are counted. */
  readonly limits: LimitSource;
  /** What the operator sees of all workers. */
  readonly joint: Omit<OperatorView, 'ready'>;
}

/**
 * Serves as one of several workers, until the primary says that it is over, or is gone itself.
 * @throws {ToldError} when it cannot start; the primary knows why.
 */
export async function serveWorker(options: ServeOptions): Promise<Served> {
  let serving: ServingProcess | undefined;
  let over = (): void => undefined;
  const toEnd = new Promise<void>((resolve) => {
    over = resolve;
  });
  const here = (): ServingProcess => {
    if (serving === undefined) throw new Error('not listening yet');
    return serving;
  };
  const registry = () => here().services.metrics.registry;
  const link = new WorkerLink({
    metrics: () => metricValues(registry()),
    state: () => here().state(),
    reload: (reason) => here().reload(reason),
    stop: () => over(),
  });
  const stop = async (): Promise<void> => {
    await here().stop();
    await link.lastMetrics(await metricValues(registry()));
  };
  try {
    const { worker: number, fixed } = await link.start();
    const source = new ConfigSource(options, fixed as FixedSettings);
    const worker = { number, limits: link.limits, joint: link.joint };
    serving = await serveProcess({ ...options, source, worker });
    await link.listening(serving.address);
  } catch (error) {
    const reason = errorText(error);
    await link.failed(reason);
    throw new ToldError(reason, { cause: error });
  }
  return {
    // Whoever interrupts or hangs up a terminal does that to all its processes; the primary is the one that acts.
    stopSignals: ['SIGTERM'],
    reload: async () => undefined,
    stop,
    abandon: () => undefined,
    ended: toEnd.then(stop),
  };
}
