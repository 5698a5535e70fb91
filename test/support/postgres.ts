import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { describeWith } from './is-listening.js';

/** Server of the tests: any PostgreSQL where a schema may be created. */
const SERVER = process.env['SLUICE_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** `describe` for suites that need PostgreSQL. */
export const describePostgres = describeWith({
  name: 'PostgreSQL',
  url: SERVER,
  defaultPort: 5432,
  variable: 'SLUICE_TEST_POSTGRES',
});

/** A schema of its own, so that suites run side by side. */
export class PostgresSchema {
  readonly name = `sluice_test_${randomBytes(6).toString('hex')}`;
  readonly url = `${SERVER}?schema=${this.name}`;

  /** The rows of a query, seen from outside of the store. */
  async query<Row = Record<string, unknown>>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: SERVER, options: `-c search_path=${this.name}` });
    await client.connect();
    try {
      return (await client.query(sql, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** Drops the schema and all that is in it. */
  async drop(): Promise<void> {
    await this.query(`DROP SCHEMA IF EXISTS ${this.name} CASCADE`);
  }
}
