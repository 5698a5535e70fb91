import { EventEmitter } from 'node:events';
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
/** How long an end that nobody answers may hold up the end of the process. */
const DISCONNECT_TIMEOUT_MS = 200;
const MAX_RETRY_MS = 2_000;

/** A connection to Redis that comes back by itself, and tells whether it is there. Emits `ready` whenever it is there again. */
export class RedisLink extends EventEmitter<{ ready: [] }> {
  readonly client: Redis;
  readonly prefix: string;
  readonly #address: RedisAddress;
  readonly #logger: Logger;
  #healthy = true;

  constructor(address: RedisAddress, logger: Logger) {
    super();
    this.prefix = address.prefix;
    this.#address = address;
    this.#logger = logger;
    this.client = this.connect();
    this.client.on('error', (error: Error) => this.#tell(false, error));
    this.client.on('close', () => this.#tell(false));
    this.client.on('ready', () => {
      this.#tell(true);
      this.emit('ready');
    });
  }

  /** False from an error until it is connected again. */
  get healthy(): boolean {
    return this.#healthy;
  }

  /** Opens another connection, whose errors are for the caller to hear. */
  connect(): Redis {
    const { url, password } = this.#address;
    return new Redis(url, {
      ...(password === undefined ? {} : { password }),
      // Whoever waits for a limit must not wait for a connection.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      commandTimeout: COMMAND_TIMEOUT_MS,
      disconnectTimeout: DISCONNECT_TIMEOUT_MS,
      retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RETRY_MS),
    });
  }

  /** Cuts the connection. Idempotent. */
  close(): void {
    this.client.removeAllListeners('close');
    this.client.disconnect();
  }

  #tell(healthy: boolean, error?: Error): void {
    if (healthy === this.#healthy) return;
    this.#healthy = healthy;
    if (healthy) this.#logger.info({}, 'Redis answers; limits are shared again');
    else this.#logger.warn({ error: error?.message }, 'Redis does not answer; limits hold per process');
  }
}
