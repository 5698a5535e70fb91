import type { Client } from 'pg';
import type { Logger } from '../core/index.js';

/** What a listener listens to. */
export interface PostgresListenerOptions {
  readonly channel: string;
  readonly onMessage: (message: string) => void;
  /** A client that is not connected yet. */
  readonly connect: () => Client;
  readonly logger: Logger;
}

const RECONNECT_MS = 1_000;

/** Hears the notifications of one channel on a connection of its own, which it opens again whenever it is lost. */
export class PostgresListener {
  readonly #options: PostgresListenerOptions;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: PostgresListenerOptions) {
    this.#options = options;
  }

  /** Resolves after the first attempt; when it failed, others follow. */
  async start(): Promise<void> {
    const { channel, onMessage, connect, logger } = this.#options;
    const client = connect();
    this.#client = client;
    let over = false;
    const restart = (error?: Error): void => {
      if (over || this.#closed) return;
      over = true;
      logger.warn(
        { channel, error: error?.message ?? 'connection ended' },
        'store notifications lost; connecting again',
      );
      this.#timer = setTimeout(() => void this.start(), RECONNECT_MS).unref();
    };
    client.on('error', restart);
    client.on('end', () => restart());
    client.on('notification', ({ payload }) => onMessage(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      restart(error instanceof Error ? error : new Error(String(error)));
      client.end().catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#client?.end();
  }
}
