import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import {
  type Clock,
  type Hit,
  type HitEntry,
  type Logger,
  type Store,
  StoreError,
  type StoreStats,
} from '../core/index.js';
import { migrate } from './migrations/index.js';

/** What the SQLite store needs. */
export interface SqliteStoreOptions {
  /** Database file; created when missing, its folder is not. */
  readonly path: string;
  /** Entries per transaction; as soon as so many wait, they are written. */
  readonly batchSize: number;
  /** Longest time in milliseconds an entry waits for its batch to fill. */
  readonly batchMs: number;
  /** Entries that may wait; beyond it new ones are dropped and counted. */
  readonly maxQueued: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Other processes may migrate the same file while we open it; at start-up waiting is harmless. */
const OPEN_BUSY_MS = 5_000;
/** Later a wait for the lock would hold up every request of this process, so give up soon and retry from the timer. */
const WRITE_BUSY_MS = 20;
const MAX_RETRY_MS = 30_000;
const DROP_WARNING_INTERVAL_MS = 10_000;

const INSERT = `
  INSERT INTO hits (
    time_ms, request_id, direction, route, field, outcome, policy, mode, action, applied,
    category, source, hit_action, score, span_start, span_end, term_id,
    policy_version, lexicon_version, model_version
  ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Opens (or creates) the hit record in one SQLite file. Throws `StoreError` when the file cannot be used. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const database = openDatabase(options.path);
  try {
    return new SqliteStore(database, options);
  } catch (error) {
    database.close();
    throw new StoreError(`Cannot use the store ${options.path}: ${messageOf(error)}`, { cause: error });
  }
}

function openDatabase(path: string): Database.Database {
  let database: Database.Database | undefined;
  try {
    const folder = dirname(resolve(path));
    if (path !== ':memory:' && !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      throw new StoreError(`Cannot open the store ${path}: the folder ${folder} does not exist`);
    }
    database = new Database(path, { timeout: OPEN_BUSY_MS });
    // First of all the check whose database this is: switching to WAL already changes the file.
    migrate(database, path);
    const journal = database.pragma('journal_mode = WAL', { simple: true });
    if (journal !== 'wal' && path !== ':memory:') {
      throw new StoreError(`Cannot open the store ${path}: its file system does not support write-ahead logging`);
    }
    // FULL, not NORMAL: in WAL mode NORMAL survives a killed process but may lose the last commits in a power cut, and
    // `flush` promises durability. The price is one fsync per batch, not per hit: about five a second at the defaults.
    database.pragma('synchronous = FULL');
    database.pragma(`busy_timeout = ${WRITE_BUSY_MS}`);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof StoreError) throw error;
    throw new StoreError(`Cannot open the store ${path}: ${messageOf(error)}`, { cause: error });
  }
}

class SqliteStore implements Store {
  readonly #database: Database.Database;
  readonly #options: SqliteStoreOptions;
  readonly #writeAll: (entries: readonly HitEntry[]) => void;
  readonly #queue: HitEntry[] = [];
  /** Position within the batch of the entry being written, to know the culprit when the database refuses it. */
  #position = 0;
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
  #closing: Promise<void> | undefined;

  constructor(database: Database.Database, options: SqliteStoreOptions) {
    this.#database = database;
    this.#options = options;
    const insert = database.prepare<unknown[]>(INSERT);
    this.#writeAll = database.transaction((entries: readonly HitEntry[]) => {
      for (const [position, entry] of entries.entries()) {
        this.#position = position;
        if (entry.hits.length === 0) insert.run(...rowOf(entry));
        for (const hit of entry.hits) insert.run(...rowOf(entry, hit));
      }
      this.#position = -1;
    }).immediate;
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
      if (!this.#writeBatch()) {
        throw new StoreError(
          `Cannot write to the store ${this.#options.path}: ${messageOf(this.#lastError)}; ${this.#queue.length} entries wait`,
          { cause: this.#lastError },
        );
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
      clearTimeout(this.#timer);
      this.#timer = undefined;
      // Only after a failed flush is anything left. It stays unsettled, so that no other waiting `flush` reports success.
      const lost = this.#queue.splice(0).length;
      if (lost > 0) this.#drop(lost, 'store closed before they could be written');
      this.#database.close();
    }
  }

  /** Keeps one timer: at once for a full batch, after `batchMs` for a partial one, later and later while writes fail. */
  #schedule(): void {
    if (this.#queue.length === 0) return;
    const { batchSize, batchMs } = this.#options;
    const urgent = this.#failuresInRow === 0 && this.#queue.length >= batchSize;
    if (this.#timer !== undefined && (this.#timerIsUrgent || !urgent)) return;
    clearTimeout(this.#timer);
    const backoff = Math.min(Math.max(batchMs, 1) * 2 ** Math.min(this.#failuresInRow, 20), MAX_RETRY_MS);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#queue.length > 0) this.#writeBatch();
      },
      urgent ? 0 : backoff,
    ).unref();
    this.#timerIsUrgent = urgent;
  }

  /** Writes the oldest batch; false when the database could not take it and it stays queued. */
  #writeBatch(): boolean {
    // A flush that still waits when close has given up and released the database.
    if (!this.#database.open) return false;
    // A timer set for entries that are written now would cut the next batch short.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#queue.slice(0, this.#options.batchSize);
    this.#position = -1;
    try {
      this.#writeAll(batch);
    } catch (error) {
      return this.#handleFailure(error);
    }
    this.#queue.splice(0, batch.length);
    this.#settled += batch.length;
    this.#written += batch.length;
    if (this.#failuresInRow > 0) {
      this.#options.logger.info({ queued: this.#queue.length }, 'store writes again');
    }
    this.#failuresInRow = 0;
    this.#schedule();
    return true;
  }

  /** True when the failure is settled (one unwritable entry was dropped), false when the batch has to wait. */
  #handleFailure(error: unknown): boolean {
    this.#errors += 1;
    this.#lastError = error;
    if (this.#position >= 0 && isRefusal(error)) {
      // No retry can save an entry the schema refuses, and waiting for it would hold up all the others.
      this.#queue.splice(this.#position, 1);
      this.#settled += 1;
      this.#drop(1, `entry refused: ${messageOf(error)}`);
      this.#schedule();
      return true;
    }
    this.#failuresInRow += 1;
    if (this.#failuresInRow === 1) {
      this.#options.logger.error(
        { error: messageOf(error), queued: this.#queue.length },
        'store write failed; entries stay queued and are retried',
      );
    }
    this.#schedule();
    return false;
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

function rowOf(entry: HitEntry, hit?: Hit): unknown[] {
  return [
    Math.trunc(entry.timeMs),
    entry.requestId,
    entry.direction,
    entry.route,
    entry.field,
    entry.outcome,
    entry.policy,
    entry.mode,
    entry.action,
    entry.applied,
    hit?.category ?? null,
    hit?.source ?? null,
    hit?.action ?? null,
    hit?.score ?? null,
    hit?.span.start ?? null,
    hit?.span.end ?? null,
    hit?.termId ?? null,
    entry.versions.policy,
    entry.versions.lexicon,
    entry.versions.model,
  ];
}

/** Whether the entry itself is at fault (constraint, unbindable value) and not the database, disk or lock. */
function isRefusal(error: unknown): boolean {
  // By its code: the native part keeps the error class of whoever loaded it first, so a second copy of the package fails `instanceof`.
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (code.startsWith('SQLITE_')) return code.startsWith('SQLITE_CONSTRAINT') || code === 'SQLITE_TOOBIG';
  return error instanceof TypeError || error instanceof RangeError;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
