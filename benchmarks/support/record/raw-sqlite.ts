import Sqlite from 'better-sqlite3';
import type { SqlValue } from '../../../src/store/index.js';
import { hitColumns } from './hit-rows.js';

/** Inserts rows into a file that the store has made, as better-sqlite3 does it: one statement, run for each row of a transaction. */
export function openRawSqlite(path: string): { insert(rows: readonly SqlValue[][]): void; close(): void } {
  const connection = new Sqlite(path);
  // As the store opens it.
  connection.pragma('synchronous = FULL');
  connection.pragma('secure_delete = ON');
  const columns = hitColumns();
  const statement = connection.prepare(
    `INSERT INTO hits (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const insert = connection.transaction((rows: readonly SqlValue[][]) => {
    for (const row of rows) statement.run(row);
  });
  return { insert, close: () => connection.close() };
}
