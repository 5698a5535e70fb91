import type { Logger } from '../core/index.js';
import type { Database } from './database.js';
import { openSqliteDatabase } from './sqlite-database.js';
import { parseStoreUrl } from './store-url.js';

/** Which database to open. */
export interface OpenDatabaseOptions {
  /** `sqlite:<file>`, `postgres://...`, or `none`. */
  readonly store: string;
  /** Longest wait for another writer of a SQLite file in milliseconds. */
  readonly busyMs?: number;
  /** Whether a server that cannot be reached is no reason to fail now: everything is refused until it can. */
  readonly mayBeDown?: boolean;
  /** Whether a SQLite file that is not there is an error, for whoever only looks. */
  readonly mustExist?: boolean;
  readonly logger: Logger;
}

const BUSY_MS = 5_000;

/**
 * Opens the database that the config names, with the newest schema; undefined for `none`.
 * @throws {StoreError} when it cannot be used.
 * @throws {ConfigError} when the setting is malformed.
 */
export async function openDatabase({
  store,
  busyMs = BUSY_MS,
  mayBeDown = false,
  mustExist = false,
  logger,
}: OpenDatabaseOptions): Promise<Database | undefined> {
  const url = parseStoreUrl(store);
  if (url === undefined) return undefined;
  if (url.kind === 'sqlite') return openSqliteDatabase({ path: url.path, busyMs, mustExist });
  // Loading the driver takes longer than opening a SQLite file.
  const { openPostgresDatabase } = await import('./postgres-database.js');
  return openPostgresDatabase({ url, mayBeDown, logger });
}
