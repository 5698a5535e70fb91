import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { Config } from '../config/index.js';
import { ConfigError } from '../core/index.js';
import { WORKER_VARIABLE, workerNumber } from '../workers/index.js';
import { ConfigSource } from './config-source.js';
import { serveProcess } from './serve-process.js';
import { serveWorker } from './serve-worker.js';
import { serveWorkers } from './serve-workers.js';

/** What the command line and the environment give to `serve`. */
export interface ServeOptions {
  readonly config?: string;
  readonly upstream?: string;
  readonly listen?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Version of the package. */
  readonly version: string;
}

/** A running proxy. */
export interface Served {
  /** The signals that are to stop it. */
  readonly stopSignals: readonly NodeJS.Signals[];
  /** Reads the config and the lists again; never rejects. */
  reload(reason: string): Promise<unknown>;
  /** Lets open exchanges finish, within the drain timeout, and writes the record. */
  stop(): Promise<void>;
  /** Ends at once whatever a process of its own still does. */
  abandon(): void;
  /** Resolves once it has stopped for another reason than a call of `stop`. */
  readonly ended: Promise<void>;
}

/**
 * Starts the proxy, in this process or in several; resolves once it listens.
 * @throws {SluiceError} when it cannot start; nothing is left open then.
 */
export async function serve(options: ServeOptions): Promise<Served> {
  if (workerNumber(options.env[WORKER_VARIABLE]) !== undefined) return serveWorker(options);
  const source = new ConfigSource(options);
  const workers = workerCount(source.read());
  if (workers > 1 && cluster.isWorker) {
    const message = 'must be 1 where another process manager runs this as a worker of its own';
    throw new ConfigError(source.file ?? 'config', [{ path: 'server.workers', message }]);
  }
  if (workers > 1) return serveWorkers({ ...options, source, workers });
  const { reload, stop } = await serveProcess({ ...options, source });
  return {
    stopSignals: ['SIGTERM', 'SIGINT'],
    reload,
    stop,
    abandon: () => undefined,
    ended: new Promise(() => undefined),
  };
}

function workerCount({ server }: Config): number {
  return server.workers === 'auto' ? availableParallelism() : server.workers;
}
