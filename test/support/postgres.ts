import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** Server of the tests: any PostgreSQL where a schema may be created. */
const SERVER = process.env['SLUICE_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/**
 * `describe`, or, with a notice, `describe.skip` where no PostgreSQL answers. With CI=true it always runs, so that nobody takes
 * a suite that never ran for one that passed.
 */
export const describePostgres = process.env['CI'] === 'true' || isThere() ? describe : describe.skip;

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

function isThere(): boolean {
  const { hostname, port } = new URL(SERVER);
  const code = `require('net').connect(${Number(port || 5432)}, ${JSON.stringify(hostname)}, () => process.exit(0)).on('error', () => process.exit(1)); setTimeout(() => process.exit(1), 2000)`;
  const there = spawnSync(process.execPath, ['-e', code]).status === 0;
  if (!there)
    console.warn('PostgreSQL does not answer: its suites are skipped (SLUICE_TEST_POSTGRES names the server)');
  return there;
}
