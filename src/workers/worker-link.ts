import cluster from 'node:cluster';
import type { LimitSource } from '../core/index.js';
import type { OperatorView } from '../http/index.js';
import type { PrimaryCalls, WorkerCalls, WorkerStart } from './calls.js';
import { Channel, type Handlers } from './channel.js';
import type { MetricValues } from './joint-metrics.js';
import { PrimaryLimits } from './primary-limits.js';

/** Environment variable that tells a process that it is a worker of ours. Process managers run theirs by node:cluster too. */
export const WORKER_VARIABLE = 'SLUICE_WORKER';

/** How long the primary may take to ask all workers. */
const JOINT_TIMEOUT_MS = 5_000;

/** A worker's connection to its primary. */
export class WorkerLink {
  readonly #channel: Channel<PrimaryCalls, WorkerCalls>;
  /** Limits that all workers share. */
  readonly limits: LimitSource;

  /** @param handlers what the primary may ask; `stop` is also called when the primary is gone */
  constructor(handlers: Handlers<WorkerCalls>) {
    this.#channel = new Channel(
      {
        send: (message, done) => {
          if (process.connected) process.send?.(message, undefined, undefined, done);
          else done(new Error('the primary is gone'));
        },
        onMessage: (listener) => void process.on('message', listener),
      },
      handlers,
    );
    this.limits = new PrimaryLimits(this.#channel);
    cluster.worker?.once('disconnect', () => {
      // Node would end the process here and now, with what it has not written yet.
      if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
      this.#channel.close('the primary is gone');
      void handlers.stop(null);
    });
  }

  /** What the primary has decided for this worker. */
  start(): Promise<WorkerStart> {
    return this.#channel.ask('start', null);
  }

  listening(address: string): Promise<void> {
    return this.#channel.tell('listening', address);
  }

  failed(reason: string): Promise<void> {
    return this.#channel.tell('failed', reason);
  }

  lastMetrics(metrics: readonly MetricValues[]): Promise<void> {
    return this.#channel.tell('lastMetrics', metrics);
  }

  /** What the operator sees of all workers. `ready` is for this one to say. */
  get joint(): Omit<OperatorView, 'ready'> {
    return {
      metrics: () => this.#channel.ask('jointMetrics', null, JOINT_TIMEOUT_MS),
      degraded: () => this.#channel.ask('jointDegraded', null, JOINT_TIMEOUT_MS),
      status: () => this.#channel.ask('jointStatus', null, JOINT_TIMEOUT_MS),
      reload: () => this.#channel.ask('jointReload', null),
    };
  }
}

/** The number of this worker; undefined in a process that is no worker of ours. */
export function workerNumber(value: string | undefined): number | undefined {
  return cluster.isWorker && value !== undefined ? Number(value) : undefined;
}
