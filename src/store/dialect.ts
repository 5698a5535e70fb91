import type { Queryable } from './database.js';

/** Everything that repositories and migrations must know of one kind of database. Column types are for `CREATE TABLE`. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** A 64-bit key that the database counts up itself; values are never used again. */
  readonly idType: string;
  /** 64-bit whole number. */
  readonly integerType: string;
  /** 64-bit floating point number. */
  readonly realType: string;
  readonly bytesType: string;
  /** What follows the closing parenthesis of `CREATE TABLE`. */
  readonly tableSuffix: string;
  /** Expression for the UTC day of a column with milliseconds since the Unix epoch, as `YYYY-MM-DD`. */
  utcDay(column: string): string;
  /** Keeps other processes from migrating until the transaction ends. */
  lockSchema(tx: Queryable): Promise<void>;
  /** Version of the schema, 0 for an empty database. Throws `StoreError` for the database of another program. */
  readSchemaVersion(tx: Queryable): Promise<number>;
  writeSchemaVersion(tx: Queryable, version: number): Promise<void>;
}
