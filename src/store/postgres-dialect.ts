import { StoreError } from '../core/index.js';
import type { Dialect } from './dialect.js';

/** Key of the advisory lock under which the schema changes ("SLUC"); locks of other programs have other keys. */
const SCHEMA_LOCK = 0x53_4c_55_43;

/** PostgreSQL. All tables, and the schema version in one of its own, stand in the schema that the connection names. */
export const POSTGRES: Dialect = {
  name: 'postgres',
  idType: 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  integerType: 'BIGINT',
  realType: 'DOUBLE PRECISION',
  bytesType: 'BYTEA',
  tableSuffix: '',
  utcDay: (column) => `to_char(to_timestamp(${column} / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')`,
  async lockSchema(tx) {
    await tx.all('SELECT pg_advisory_xact_lock(?)', [SCHEMA_LOCK]);
    const [there] = await tx.all<{ path: string; encoding: string; schema: number; version: number }>(
      `SELECT current_setting('search_path') AS path,
              current_setting('server_encoding') AS encoding,
              (SELECT count(*) FROM pg_namespace WHERE nspname = current_setting('search_path')) AS schema,
              (SELECT count(*) FROM pg_tables
               WHERE schemaname = current_setting('search_path') AND tablename = 'schema_version') AS version`,
    );
    if (there?.encoding !== 'UTF8') {
      throw new StoreError(`its encoding is ${there?.encoding}, but names in any language need a database with UTF8`);
    }
    // Asked first, because IF NOT EXISTS demands the right to create even what exists.
    if (there.schema === 0) await tx.run(`CREATE SCHEMA ${there.path}`);
    if (there.version === 0) await tx.run('CREATE TABLE schema_version (version BIGINT NOT NULL)');
  },
  async readSchemaVersion(tx) {
    const [row] = await tx.all<{ version: number }>('SELECT version FROM schema_version');
    return row?.version ?? 0;
  },
  async writeSchemaVersion(tx, version) {
    await tx.run('DELETE FROM schema_version');
    await tx.run('INSERT INTO schema_version (version) VALUES (?)', [version]);
  },
};
