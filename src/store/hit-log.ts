import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Clock, type HitEntry, type Logger, type Store, StoreError, type StoreStats } from '../core/index.js';
import { type HitRepository, hitRows } from './hit-repository.js';

/** What the hit log needs. */
export interface HitLogOptions {
  readonly repository: Pick<HitRepository, 'append'>;
  /** Entries per transaction; as soon as so many wait, they are written. */
  readonly batchSize: number;
  /** Longest time in milliseconds an entry waits for its batch to fill. */
  readonly batchMs: number;
  /** Entries that may wait; beyond it new ones are dropped and counted. */
  readonly maxQueued: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MAX_RETRY_MS = 30_000;
const DROP_WARNING_INTERVAL_MS = 10_000;

/** Writes entries in batches, off the path of the requests. */
export class HitLog implements Store {
  readonly #options: HitLogOptions;
  readonly #queue: HitEntry[] = [];
  #accepted = 0;
  #settled = 0;
  #written = 0;
  #dropped = 0;
  #errors = 0;
  #failuresInRow = 0;
  #nextDropWarningMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerIsUrgent = false;
  #lastError: unknown;
  #writing: Promise<boolean> | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(options: HitLogOptions) {
    this.#options = options;
  }

  record(entry: HitEntry): void {
    if (isUneventful(entry)) return;
    if (this.#closing !== undefined || this.#queue.length >= this.#options.maxQueued) {
      this.#drop(1, this.#closing === undefined ? 'queue full' : 'store closed');
      return;
    }
    this.#queue.push(entry);
    this.#accepted += 1;
    this.#schedule();
  }

  async flush(): Promise<void> {
    const target = this.#accepted;
    while (this.#settled < target) {
      if (!(await this.#writeBatch())) {
        throw new StoreError(`${messageOf(this.#lastError)}; ${this.#queue.length} entries wait`, {
          cause: this.#lastError,
        });
      }
      // Between batches the requests get their turn.
      if (this.#settled < target) await nextTurn();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#flushAndRelease();
    return this.#closing;
  }

  stats(): StoreStats {
    return {
      queued: this.#queue.length,
      written: this.#written,
      dropped: this.#dropped,
      errors: this.#errors,
      healthy: this.#failuresInRow === 0 && this.#closing === undefined,
    };
  }

  async #flushAndRelease(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#closed = true;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      // Only after a failed flush is anything left. It stays unsettled, so that no other waiting `flush` reports success.
      const lost = this.#queue.splice(0).length;
      if (lost > 0) this.#drop(lost, 'store closed before they could be written');
    }
  }

  /** Keeps one timer: at once for a full batch, after `batchMs` for a partial one, later and later while writes fail. */
  #schedule(): void {
    if (this.#queue.length === 0 || this.#closed) return;
    const { batchSize, batchMs } = this.#options;
    const urgent = this.#failuresInRow === 0 && this.#queue.length >= batchSize;
    if (this.#timer !== undefined && (this.#timerIsUrgent || !urgent)) return;
    clearTimeout(this.#timer);
    const backoff = Math.min(Math.max(batchMs, 1) * 2 ** Math.min(this.#failuresInRow, 20), MAX_RETRY_MS);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#queue.length > 0) void this.#writeBatch();
      },
      urgent ? 0 : backoff,
    ).unref();
    this.#timerIsUrgent = urgent;
  }

  /** Writes the oldest batch, or waits for the one that is being written; false when it stays queued. Never rejects. */
  #writeBatch(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      this.#schedule();
    });
    return this.#writing;
  }

  async #write(): Promise<boolean> {
    // A timer set for entries that are written now would cut the next batch short.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#queue.slice(0, this.#options.batchSize);
    const rows = batch.map(hitRows);
    const refused = rows.filter((entryRows) => entryRows === undefined).length;
    try {
      await this.#options.repository.append(rows.flatMap((entryRows) => entryRows ?? []));
    } catch (error) {
      this.#handleFailure(error);
      return false;
    }
    this.#queue.splice(0, batch.length);
    this.#settled += batch.length;
    this.#written += batch.length - refused;
    if (refused > 0) this.#drop(refused, 'entry cannot be stored');
    if (this.#failuresInRow > 0) {
      this.#options.logger.info({ queued: this.#queue.length }, 'store writes again');
    }
    this.#failuresInRow = 0;
    return true;
  }

  #handleFailure(error: unknown): void {
    this.#errors += 1;
    this.#lastError = error;
    this.#failuresInRow += 1;
    if (this.#failuresInRow === 1) {
      this.#options.logger.error(
        { error: messageOf(error), queued: this.#queue.length },
        'store write failed; entries stay queued and are retried',
      );
    }
  }

  #drop(count: number, reason: string): void {
    this.#dropped += count;
    // A full queue drops thousands a second: one line per interval, the counter has the rest.
    const now = this.#options.clock.now();
    if (now < this.#nextDropWarningMs) return;
    this.#nextDropWarningMs = now + DROP_WARNING_INTERVAL_MS;
    this.#options.logger.warn({ reason, dropped: this.#dropped }, 'store dropped entries');
  }
}

/** Screened, nothing found, nothing done: the record is of hits, not of traffic. A block without hits (failed detector) is kept. */
function isUneventful(entry: HitEntry): boolean {
  return entry.hits.length === 0 && entry.outcome === 'screened' && entry.action === 'allow';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
