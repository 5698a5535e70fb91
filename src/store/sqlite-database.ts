import { EventEmitter } from 'node:events';
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { StoreError } from '../core/index.js';
import type { BulkInsert, Database, Queryable, SqlValue, TableRows } from './database.js';
import { migrate } from './migrations/index.js';
import { SQLITE } from './sqlite-dialect.js';
import { SqliteSession } from './sqlite-session.js';
import { toStoreError } from './to-store-error.js';

/** Where a SQLite database is. */
export interface SqliteDatabaseOptions {
  /** Database file; created when missing, its folder is not. `:memory:` for one that ends with the process. */
  readonly path: string;
  /** Longest wait for another writer of the same file, in milliseconds; only the statement waits. */
  readonly busyMs: number;
  /** Whether a file that is not there is an error. */
  readonly mustExist: boolean;
}

const MAX_BUSY_POLL_MS = 10;
/** Pages kept in memory, in KB; chosen by the benchmark `hit-log`, as the next. */
const CACHE_KB = 8_192;
/** Pages of 4 KB that the log may have before they are put into the database file. */
const CHECKPOINT_PAGES = 4_000;

/**
 * Opens (or creates) a SQLite database and migrates it.
 * @throws {StoreError} when the file cannot be used.
 */
export async function openSqliteDatabase(options: SqliteDatabaseOptions): Promise<Database> {
  const { path, mustExist } = options;
  let connection: Sqlite.Database | undefined;
  try {
    const folder = dirname(resolve(path));
    if (path !== ':memory:' && !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      throw new StoreError(`the folder ${folder} does not exist`);
    }
    // SQLite's own wait for a lock holds up the whole process, even a writer of the same process that it waits for.
    connection = new Sqlite(path, { timeout: 0, fileMustExist: mustExist });
    const database = new SqliteDatabase(connection, options);
    // First of all the check whose database this is: switching to WAL already changes the file.
    await migrate(database);
    const [journal] = await database.all<{ journal_mode: string }>('PRAGMA journal_mode = WAL');
    if (journal?.journal_mode !== 'wal' && path !== ':memory:') {
      throw new StoreError('its file system does not support write-ahead logging');
    }
    // FULL, not NORMAL: in WAL mode NORMAL survives a killed process but may lose the last commits in a power cut. The
    // price is one fsync per transaction, not per row.
    connection.pragma('synchronous = FULL');
    connection.pragma('secure_delete = ON');
    // Request ids scatter over their index: with SQLite's 2 MB most of its pages are read again for every batch, and with a
    // checkpoint for every 4 MB they are written twice for each.
    connection.pragma(`cache_size = -${CACHE_KB}`);
    connection.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    return database;
  } catch (error) {
    connection?.close();
    throw toStoreError(`Cannot open the store ${path}`, error);
  }
}

/** One connection; its statements run at once, in the order of the calls. */
class SqliteDatabase implements Database {
  readonly dialect = SQLITE;
  readonly label: string;
  readonly #connection: Sqlite.Database;
  readonly #session: SqliteSession;
  readonly #busyMs: number;
  readonly #messages = new EventEmitter().setMaxListeners(0);
  /** Ends with the transaction that runs. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(connection: Sqlite.Database, { path, busyMs }: SqliteDatabaseOptions) {
    this.#connection = connection;
    this.#busyMs = busyMs;
    this.label = `sqlite:${path}`;
    this.#session = new SqliteSession(connection, this.label);
  }

  all<Row>(sql: string, values?: readonly SqlValue[]): Promise<Row[]> {
    return this.#inTurn(() => this.#whenFree(() => this.#session.all<Row>(sql, values)));
  }

  run(sql: string, values?: readonly SqlValue[]): Promise<number> {
    return this.#inTurn(() => this.#whenFree(() => this.#session.run(sql, values)));
  }

  insert(into: BulkInsert, rows: readonly (readonly SqlValue[])[]): Promise<number> {
    return this.transaction((tx) => tx.insert(into, rows));
  }

  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result> {
    return this.#inTurn(async () => {
      // Immediate: the write lock is taken here, not at some later statement that cannot wait for it.
      await this.#whenFree(() => this.#session.run('BEGIN IMMEDIATE'));
      try {
        const result = await work(this.#session);
        await this.#session.run('COMMIT');
        return result;
      } catch (error) {
        // A full disk may have ended it already.
        if (this.#connection.inTransaction) await this.#session.run('ROLLBACK');
        throw error;
      }
    });
  }

  insertTogether(tables: readonly TableRows[]): Promise<void> {
    return this.transaction(async (tx) => {
      for (const { into, rows } of tables) await tx.insert(into, rows);
    });
  }

  async listen(channel: string, onMessage: (message: string) => void): Promise<() => Promise<void>> {
    this.#messages.on(channel, onMessage);
    return async () => {
      this.#messages.off(channel, onMessage);
    };
  }

  async notify(channel: string, message: string): Promise<void> {
    this.#messages.emit(channel, message);
  }

  async reclaim(): Promise<void> {
    // What was overwritten is zero in the file already (`secure_delete`); the log still has it.
    await this.all('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#connection.close();
    });
  }

  /** Runs a statement again for as long as another writer has the lock and our patience lasts. */
  async #whenFree<Result>(statement: () => Promise<Result>): Promise<Result> {
    const start = performance.now();
    for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, MAX_BUSY_POLL_MS)) {
      try {
        return await statement();
      } catch (error) {
        if (!isBusy(error) || performance.now() - start >= this.#busyMs) throw error;
      }
      await setTimeout(waitMs);
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function isBusy(error: unknown): boolean {
  const cause = error instanceof StoreError ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY');
}
