import type { AlarmClock } from '../core/index.js';
import type { Database } from './database.js';

/** What is followed, and how. */
export interface StoreFollowerOptions {
  readonly database: Pick<Database, 'listen'>;
  /** Where whoever changes it tells so. */
  readonly channel: string;
  readonly clock: AlarmClock;
  /** Reads what has changed since the last time. */
  readonly read: () => Promise<void>;
  /** Called when that failed; `first` after it had gone well. What it throws is passed on, and counts as no failure. */
  readonly onFailure: (error: unknown, first: boolean) => void;
  /** Called when it goes well again. */
  readonly onRecovery?: () => void;
}

/** The safety net under notifications, which PostgreSQL loses with a connection and SQLite has for one process only. */
const POLL_MS = 1_000;

/** Keeps something in memory in step with the store, whoever changes it, within two seconds. */
export class StoreFollower {
  readonly #options: StoreFollowerOptions;
  #started: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #cancelPoll: (() => void) | undefined;
  #unlisten: (() => Promise<void>) | undefined;
  #failing = false;
  #stopped = false;

  constructor(options: StoreFollowerOptions) {
    this.#options = options;
  }

  /** False while the store cannot be read. */
  get healthy(): boolean {
    return !this.#failing;
  }

  /** Whether `stop` or `close` was called. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Reads for the first time, or notes that it failed, and follows from then on. Idempotent. */
  start(): Promise<void> {
    this.#started ??= this.#begin();
    return this.#started;
  }

  /** Reads, once for whoever asks meanwhile. Rejects with what `read` rejects with. */
  refresh(): Promise<void> {
    this.#reading ??= this.#options.read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Looks by itself no more; what is told is still read. Idempotent. */
  stop(): void {
    this.#stopped = true;
    this.#cancelPoll?.();
  }

  /** Follows no more, and waits for what is being read. Idempotent. */
  close(): Promise<void> {
    this.stop();
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await this.#unlisten?.();
    // Told already, where it failed.
    await this.#reading?.catch(() => undefined);
  }

  async #begin(): Promise<void> {
    const { database, channel } = this.#options;
    this.#unlisten = await database.listen(channel, () => void this.#refreshOrTell());
    await this.#refreshOrTell();
    this.#poll();
  }

  #poll(): void {
    if (this.#stopped) return;
    this.#cancelPoll = this.#options.clock.after(POLL_MS, () => {
      void this.#refreshOrTell().then(() => this.#poll());
    });
  }

  async #refreshOrTell(): Promise<void> {
    const { onFailure, onRecovery } = this.#options;
    try {
      await this.refresh();
    } catch (error) {
      onFailure(error, !this.#failing);
      this.#failing = true;
      return;
    }
    if (this.#failing) onRecovery?.();
    this.#failing = false;
  }
}
