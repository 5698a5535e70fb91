import type { Client } from 'pg';
import type { BulkInsert, ColumnKind, Queryable, SqlValue } from './database.js';
import { POSTGRES } from './postgres-dialect.js';
import { toStoreError } from './to-store-error.js';

const ARRAY_TYPES: Readonly<Record<ColumnKind, string>> = {
  integer: 'bigint[]',
  real: 'double precision[]',
  text: 'text[]',
  bytes: 'bytea[]',
};

/** Runs statements on a connection or a pool of PostgreSQL. */
export class PostgresSession implements Queryable {
  readonly dialect = POSTGRES;
  readonly #client: Pick<Client, 'query'>;
  readonly #label: string;
  readonly #inserts = new WeakMap<BulkInsert, string>();

  constructor(client: Pick<Client, 'query'>, label: string) {
    this.#client = client;
    this.#label = label;
  }

  async all<Row>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return (await this.#query(numbered(sql), values)).rows as Row[];
  }

  async run(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return (await this.#query(numbered(sql), values)).rowCount ?? 0;
  }

  async insert(into: BulkInsert, rows: readonly (readonly SqlValue[])[]): Promise<number> {
    let sql = this.#inserts.get(into);
    if (sql === undefined) {
      sql = unnestSql(into);
      this.#inserts.set(into, sql);
    }
    // One array per column: the text of the statement is the same for any number of rows.
    const columns = Object.keys(into.columns).map((_, column) => rows.map((row) => row[column] ?? null));
    return (await this.#query(sql, columns)).rowCount ?? 0;
  }

  async #query(text: string, values: readonly unknown[]) {
    try {
      return await this.#client.query(text, [...values]);
    } catch (error) {
      throw toStoreError(`The store ${this.#label} refused`, error);
    }
  }
}

/** Our statements mark values by `?`, PostgreSQL wants `$1`. */
function numbered(sql: string): string {
  let index = 0;
  return sql.replace(/\?/g, () => `$${++index}`);
}

function unnestSql({ table, columns, suffix = '' }: BulkInsert): string {
  const kinds = Object.values(columns);
  const arrays = kinds.map((kind, index) => `$${index + 1}::${ARRAY_TYPES[kind]}`);
  return `INSERT INTO ${table} (${Object.keys(columns).join(', ')}) SELECT * FROM unnest(${arrays.join(', ')}) ${suffix}`;
}
