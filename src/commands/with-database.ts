import pino from 'pino';
import type { Config } from '../config/index.js';
import { ConfigError } from '../core/index.js';
import { loadConfig } from '../load-config.js';
import { type Database, openDatabase } from '../store/index.js';

/** Where a command finds its database. */
export interface DatabaseOptions {
  /** Config file; the defaults when left out. */
  readonly config?: string;
}

/**
 * Runs a command on the database of a config.
 * @throws {SluiceError} when the config is invalid or the database cannot be used.
 */
export async function withDatabase<Result>(
  { config: file }: DatabaseOptions,
  work: (database: Database, config: Config) => Promise<Result>,
): Promise<Result> {
  const config = loadConfig(file);
  const logger = pino({ level: 'warn' }, pino.destination(2));
  const database = await openDatabase({ store: config.store, mustExist: true, logger });
  if (database === undefined) {
    throw new ConfigError(file ?? 'config', [{ path: 'store', message: 'is none: there is no record' }]);
  }
  try {
    return await work(database, config);
  } finally {
    await database.close();
  }
}
