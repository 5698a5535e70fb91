import { Redis } from 'ioredis';
import type { Logger } from '../core/index.js';

/** Where Redis is. */
export interface RedisAddress {
  readonly url: string;
  readonly password: string | undefined;
  /** What every key begins with. */
  readonly prefix: string;
}

/** How long a command may take before this process counts alone. */
const COMMAND_TIMEOUT_MS = 500;
const MAX_RETRY_MS = 2_000;

/** A connection to Redis that comes back by itself, and tells whether it is there. */
export class RedisLink {
  readonly client: Redis;
  readonly prefix: string;
  readonly #logger: Logger;
  #healthy = true;

  constructor({ url, password, prefix }: RedisAddress, logger: Logger) {
    this.prefix = prefix;
    this.#logger = logger;
    this.client = new Redis(url, {
      ...(password === undefined ? {} : { password }),
      // Whoever waits for a limit must not wait for a connection.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      commandTimeout: COMMAND_TIMEOUT_MS,
      retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RETRY_MS),
    });
    this.client.on('error', (error: Error) => this.#tell(false, error));
    this.client.on('ready', () => this.#tell(true));
  }

  /** False from an error until it is connected again. */
  get healthy(): boolean {
    return this.#healthy;
  }

  /** Cuts the connection. Idempotent. */
  close(): void {
    this.client.disconnect();
  }

  #tell(healthy: boolean, error?: Error): void {
    if (healthy === this.#healthy) return;
    this.#healthy = healthy;
    if (healthy) this.#logger.info({}, 'Redis answers; limits are shared again');
    else this.#logger.warn({ error: error?.message }, 'Redis does not answer; limits hold per process');
  }
}
