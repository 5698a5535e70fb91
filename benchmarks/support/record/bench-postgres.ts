import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** A PostgreSQL server where a benchmark may create schemas. */
export interface BenchPostgres {
  readonly server: string;
  /** A name for a schema that goes with `drop`. */
  schema(): string;
  /** The setting `store` for such a schema. */
  store(schema: string): string;
  drop(): Promise<void>;
}

const SERVER = process.env['SLUICE_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** The server that tests use too; `undefined` when it does not answer, which stderr is told. */
export async function benchPostgres(): Promise<BenchPostgres | undefined> {
  const client = new Client({ connectionString: SERVER, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.error(`Left out: PostgreSQL, which does not answer (${why}). SLUICE_TEST_POSTGRES names a server.`);
    return undefined;
  }
  const schemas: string[] = [];
  return {
    server: SERVER,
    schema() {
      const name = `sluice_bench_${randomBytes(6).toString('hex')}`;
      schemas.push(name);
      return name;
    },
    store: (schema) => `${SERVER}?schema=${schema}`,
    async drop() {
      for (const name of schemas) await client.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
      await client.end();
    },
  };
}
