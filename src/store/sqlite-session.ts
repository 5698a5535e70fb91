import type Sqlite from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import type { BulkInsert, Queryable, SqlValue } from './database.js';
import { SQLITE } from './sqlite-dialect.js';
import { toStoreError } from './to-store-error.js';

/** The texts of our statements are few; queries with filters make some more. */
const MAX_STATEMENTS = 200;

type Statement = Sqlite.Statement<unknown[], unknown>;

/** Runs statements on a SQLite connection, each prepared once. */
export class SqliteSession implements Queryable {
  readonly dialect = SQLITE;
  readonly #connection: Sqlite.Database;
  readonly #label: string;
  readonly #statements = new LRUCache<string, Statement>({ max: MAX_STATEMENTS });
  readonly #inserts = new WeakMap<BulkInsert, Statement>();

  constructor(connection: Sqlite.Database, label: string) {
    this.#connection = connection;
    this.#label = label;
  }

  async all<Row>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return this.#guard(() => this.#prepare(sql).all(values) as Row[]);
  }

  async run(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return this.#guard(() => this.#prepare(sql).run(values).changes);
  }

  async insert(into: BulkInsert, rows: readonly (readonly SqlValue[])[]): Promise<number> {
    return this.#guard(() => {
      let statement = this.#inserts.get(into);
      if (statement === undefined) {
        statement = this.#connection.prepare(insertSql(into));
        this.#inserts.set(into, statement);
      }
      let changes = 0;
      for (const row of rows) changes += statement.run(row).changes;
      return changes;
    });
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw toStoreError(`The store ${this.#label} refused`, error);
    }
  }
}

function insertSql({ table, columns, suffix = '' }: BulkInsert): string {
  const names = Object.keys(columns);
  return `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) ${suffix}`;
}
