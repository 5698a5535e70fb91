import { StoreError } from '../core/index.js';
import type { Dialect } from './dialect.js';

/** Marks the file as ours ("SLUC"), so that a mistyped path never changes the database of another program. */
const APPLICATION_ID = 0x53_4c_55_43;

/** SQLite. The schema version stands in the file header. */
export const SQLITE: Dialect = {
  name: 'sqlite',
  idType: 'INTEGER PRIMARY KEY AUTOINCREMENT',
  integerType: 'INTEGER',
  realType: 'REAL',
  bytesType: 'BLOB',
  tableSuffix: 'STRICT',
  utcDay: (column) => `strftime('%Y-%m-%d', ${column} / 1000, 'unixepoch')`,
  // Every write transaction holds the write lock of the file from its begin.
  lockSchema: async () => undefined,
  async readSchemaVersion(tx) {
    const [header] = await tx.all<{ version: number; application: number; tables: number }>(
      `SELECT (SELECT user_version FROM pragma_user_version) AS version,
              (SELECT application_id FROM pragma_application_id) AS application,
              (SELECT count(*) FROM sqlite_master) AS tables`,
    );
    const { version = 0, application = 0, tables = 0 } = header ?? {};
    if (application !== APPLICATION_ID && (tables !== 0 || version !== 0)) {
      throw new StoreError('it is a SQLite database of another program; choose another path for the store');
    }
    return version;
  },
  async writeSchemaVersion(tx, version) {
    await tx.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    await tx.run(`PRAGMA user_version = ${version}`);
  },
};
