import { hash } from 'node:crypto';
import type { Client } from 'pg';
import type { BulkInsert, Queryable, SqlValue, TableRows } from './database.js';
import { ARRAY_TYPES, arrayLiteral } from './postgres-array.js';
import { POSTGRES } from './postgres-dialect.js';
import { toStoreError } from './to-store-error.js';

/** Runs statements on a connection or a pool of PostgreSQL. */
export class PostgresSession implements Queryable {
  readonly dialect = POSTGRES;
  readonly #client: Pick<Client, 'query'>;
  readonly #label: string;

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
    return (await this.#query(unnestSql(into, 0), columnsOf({ into, rows }))).rowCount ?? 0;
  }

  /** One statement, and so one transaction, whatever becomes of it. */
  async insertTogether(tables: readonly TableRows[]): Promise<void> {
    const filled = tables.filter(({ rows }) => rows.length > 0);
    const last = filled.pop();
    if (last === undefined) return;
    const values: string[] = [];
    const parts = filled.map(({ into, rows }, part) => {
      const sql = `part_${part} AS (${unnestSql(into, values.length)})`;
      values.push(...columnsOf({ into, rows }));
      return sql;
    });
    const before = parts.length === 0 ? '' : `WITH ${parts.join(', ')} `;
    const sql = before + unnestSql(last.into, values.length);
    values.push(...columnsOf(last));
    await this.#query({ text: sql, name: nameOf(sql) }, values);
  }

  async #query(statement: string | { readonly text: string; readonly name: string }, values: readonly unknown[]) {
    try {
      return await this.#client.query(statement, [...values]);
    } catch (error) {
      throw toStoreError(`The store ${this.#label} refused`, error);
    }
  }
}

/** A statement with a name is parsed and planned once for a connection; that takes about as long as a batch takes to write. */
function nameOf(sql: string): string {
  return hash('sha256', sql).slice(0, 32);
}

/** Our statements mark values by `?`, PostgreSQL wants `$1`. */
function numbered(sql: string): string {
  let index = 0;
  return sql.replace(/\?/g, () => `$${++index}`);
}

/** One array per column: the text of the statement is the same for any number of rows. */
function columnsOf({ into, rows }: TableRows): string[] {
  return Object.keys(into.columns).map((_, column) => arrayLiteral(rows, column));
}

/** @param taken values of the same statement that stand before those of the rows */
function unnestSql({ table, columns, suffix = '' }: BulkInsert, taken: number): string {
  const kinds = Object.values(columns);
  const arrays = kinds.map((kind, index) => `$${taken + index + 1}::${ARRAY_TYPES[kind]}`);
  return `INSERT INTO ${table} (${Object.keys(columns).join(', ')}) SELECT * FROM unnest(${arrays.join(', ')}) ${suffix}`;
}
