import type { Dialect } from './dialect.js';

/** What a statement may carry, and a row may hold. Flags are 0 or 1, times milliseconds since the Unix epoch, JSON is text. */
export type SqlValue = string | number | null | Uint8Array;

/** One row by column name. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** Kind of a column, for rows that are sent many at a time. */
export type ColumnKind = 'integer' | 'real' | 'text' | 'bytes';

/** Where rows go that are sent many at a time. Keep it as a constant: statements are prepared once per object. */
export interface BulkInsert {
  readonly table: string;
  /** The columns in the order of the values of each row. */
  readonly columns: Readonly<Record<string, ColumnKind>>;
  /** What follows the values, such as `ON CONFLICT DO NOTHING`; nothing when left out. */
  readonly suffix?: string;
}

/** Rows for one table. */
export interface TableRows {
  readonly into: BulkInsert;
  /** Each in the order of the columns. */
  readonly rows: readonly (readonly SqlValue[])[];
}

/**
 * What runs statements. They are written once for all dialects: `?` for every value, the common subset of SQL, such as
 * `ON CONFLICT ... DO UPDATE` and `RETURNING`; what differs stands in `Dialect`. A `?` in a literal is not allowed.
 */
export interface Queryable {
  readonly dialect: Dialect;
  /** The rows of a statement. `Row` names the columns it selects; nothing checks that. */
  all<Row = SqlRow>(sql: string, values?: readonly SqlValue[]): Promise<Row[]>;
  /** Runs a statement; resolves to the number of rows it changed. */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
  /** Inserts many rows at once, each in the order of `columns`; resolves to the number that was inserted. */
  insert(into: BulkInsert, rows: readonly (readonly SqlValue[])[]): Promise<number>;
}

/**
 * A database with the newest schema. Every method rejects with `StoreError` when the database refuses or cannot be
 * reached, and a repository over it is one file that serves every dialect.
 */
export interface Database extends Queryable {
  /** Where it is, for messages; never holds a password. */
  readonly label: string;
  /**
   * Runs `work` as one write transaction: all of it or nothing. Inside, use `tx` only, and wait for nothing but `tx`: the
   * database itself waits for the end of the transaction.
   */
  transaction<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result>;
  /** Inserts rows into several tables, all of them or none, in one exchange with the database. */
  insertTogether(tables: readonly TableRows[]): Promise<void>;
  /**
   * Calls `onMessage` for what any process on the same database tells by `notify`, this one included; with SQLite only for
   * what this process tells. Messages are a hint, not a log: while the connection is down they are lost, so poll as well.
   * Resolves to what ends it.
   */
  listen(channel: string, onMessage: (message: string) => void): Promise<() => Promise<void>>;
  /** Tells every listener of a channel. At most 7,999 bytes. */
  notify(channel: string, message: string): Promise<void>;
  /**
   * Wipes what erased values have left behind in the files, where that can be done at once: in SQLite at once, in PostgreSQL
   * its own vacuum does it later.
   */
  reclaim(): Promise<void>;
  /** Waits for what runs, then lets go of the database. Idempotent. */
  close(): Promise<void>;
}
