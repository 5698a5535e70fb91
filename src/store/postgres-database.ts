import { Client, Pool, type PoolClient, types } from 'pg';
import { type Logger, messageOf } from '../core/index.js';
import type { BulkInsert, Database, Queryable, SqlValue, TableRows } from './database.js';
import { isUnreachable } from './is-unreachable.js';
import { migrate } from './migrations/index.js';
import { POSTGRES } from './postgres-dialect.js';
import { PostgresListener } from './postgres-listener.js';
import { PostgresSession } from './postgres-session.js';
import type { PostgresUrl } from './store-url.js';
import { toStoreError } from './to-store-error.js';

/** Where a PostgreSQL database is and who hears of trouble with idle connections. */
export interface PostgresDatabaseOptions {
  readonly url: PostgresUrl;
  /** Whether a server that cannot be reached is no reason to fail; the schema is migrated once it can. */
  readonly mayBeDown: boolean;
  readonly logger: Logger;
}

/** A replica writes one batch at a time; the others are for queries and listeners beside it. */
const MAX_CONNECTIONS = 4;
const CONNECT_TIMEOUT_MS = 5_000;
/** Of one statement, at the server; queries are written so that each is short. */
const STATEMENT_TIMEOUT_MS = 5_000;
/** Of one statement, at our end, for a server that no longer answers at all. */
const ANSWER_TIMEOUT_MS = 7_000;
const INT8_OID = 20;
/** What we call durable has to survive a crash of the server; a setting that waits for less than its disk is not for us. */
const DURABLE_COMMITS = `
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/**
 * Connects to a PostgreSQL database and migrates its schema.
 * @throws {StoreError} when it cannot be reached or used.
 */
export async function openPostgresDatabase(options: PostgresDatabaseOptions): Promise<Database> {
  const { url, logger } = options;
  const connection = {
    connectionString: url.connectionString,
    application_name: 'sluice',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: `${url.options} -c search_path=${url.schema}`.trim(),
    types: { getTypeParser },
  };
  const limits = { statement_timeout: STATEMENT_TIMEOUT_MS, query_timeout: ANSWER_TIMEOUT_MS };
  const onConnect = async (client: Pick<Client, 'query'>): Promise<void> => void (await client.query(DURABLE_COMMITS));
  const pool = new Pool({ ...connection, ...limits, max: MAX_CONNECTIONS, onConnect });
  // Without a listener the end of an idle connection would end the process.
  pool.on('error', (error) => logger.warn({ error: error.message }, 'idle store connection lost'));
  const database = new PostgresDatabase({ pool, label: url.label, connect: () => new Client(connection), logger });
  try {
    await database.migrated();
  } catch (error) {
    if (options.mayBeDown && isUnreachable(error)) {
      logger.error({ error: messageOf(error) }, 'the store cannot be reached; starting without it');
      return database;
    }
    await database.close();
    throw error;
  }
  return database;
}

/** On a connection of its own: a migration may take longer than any other statement. */
async function migrateOnce(client: Client, label: string): Promise<void> {
  client.on('error', () => undefined);
  await client.connect();
  try {
    await inTransaction(client, label, (tx) => migrate({ transaction: (work) => work(tx) }));
  } finally {
    await client.end();
  }
}

class PostgresDatabase implements Database {
  readonly dialect = POSTGRES;
  readonly label: string;
  readonly #pool: Pool;
  readonly #session: PostgresSession;
  readonly #listeners = new Set<PostgresListener>();
  readonly #connect: () => Client;
  readonly #logger: Logger;
  #migrated: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: {
    readonly pool: Pool;
    readonly label: string;
    readonly connect: () => Client;
    readonly logger: Logger;
  }) {
    this.#pool = parts.pool;
    this.label = parts.label;
    this.#connect = parts.connect;
    this.#logger = parts.logger;
    this.#session = new PostgresSession(parts.pool, parts.label);
  }

  /** Resolves once the schema is known to be the newest; after a failure the next call tries again. */
  migrated(): Promise<void> {
    this.#migrated ??= migrateOnce(this.#connect(), this.label).catch((error: unknown) => {
      this.#migrated = undefined;
      throw toStoreError(`Cannot open the store ${this.label}`, error);
    });
    return this.#migrated;
  }

  async all<Row>(sql: string, values?: readonly SqlValue[]): Promise<Row[]> {
    await this.migrated();
    return this.#session.all<Row>(sql, values);
  }

  async run(sql: string, values?: readonly SqlValue[]): Promise<number> {
    await this.migrated();
    return this.#session.run(sql, values);
  }

  async insert(into: BulkInsert, rows: readonly (readonly SqlValue[])[]): Promise<number> {
    await this.migrated();
    return this.#session.insert(into, rows);
  }

  async insertTogether(tables: readonly TableRows[]): Promise<void> {
    await this.migrated();
    await this.#session.insertTogether(tables);
  }

  async transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result> {
    await this.migrated();
    let client: PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw toStoreError(`Cannot reach the store ${this.label}`, error);
    }
    let broken: Error | undefined;
    // The connection may end between two statements; the next statement tells.
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on('error', onError);
    try {
      return await inTransaction(client, this.label, work);
    } catch (error) {
      // Never again used: it may hang in a transaction.
      broken ??= error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async listen(channel: string, onMessage: (message: string) => void): Promise<() => Promise<void>> {
    const listener = new PostgresListener({ channel, onMessage, connect: this.#connect, logger: this.#logger });
    this.#listeners.add(listener);
    await listener.start();
    return async () => {
      this.#listeners.delete(listener);
      await listener.close();
    };
  }

  async notify(channel: string, message: string): Promise<void> {
    await this.all('SELECT pg_notify(?, ?)', [channel, message]);
  }

  async reclaim(): Promise<void> {
    // Autovacuum.
  }

  close(): Promise<void> {
    this.#closed ??= Promise.all([...this.#listeners].map((listener) => listener.close())).then(() => this.#pool.end());
    return this.#closed;
  }
}

async function inTransaction<Result>(
  client: Pick<Client, 'query'>,
  label: string,
  work: (tx: Queryable) => Promise<Result>,
): Promise<Result> {
  const session = new PostgresSession(client, label);
  await session.run('BEGIN');
  try {
    const result = await work(session);
    await session.run('COMMIT');
    return result;
  } catch (error) {
    // A connection that is lost has rolled back by itself, and the first error says more than the second.
    await session.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** 64-bit numbers as numbers: ours are counters, offsets and milliseconds, far below 2^53. */
const getTypeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8_OID && format !== 'binary' ? Number : types.getTypeParser(oid, format);
