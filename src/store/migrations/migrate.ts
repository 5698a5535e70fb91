import type { Database } from 'better-sqlite3';
import { StoreError } from '../../core/index.js';
import { HITS_TABLE } from './hits-table.js';

/** Marks the file as ours ("SLUC"), so that a mistyped path never changes the database of another program. */
const APPLICATION_ID = 0x53_4c_55_43;

/** Position n holds the step from schema version n to n + 1. Append only: released steps never change. */
const MIGRATIONS: readonly string[] = [HITS_TABLE];

/** Brings the schema to the newest version in one transaction; throws `StoreError` for a foreign or newer database. */
export function migrate(database: Database, path: string): void {
  // Immediate: takes the write lock even when nothing is to be done, so a read-only file is found here and not at the first hit.
  database.transaction(() => applyMigrations(database, path)).immediate();
}

function applyMigrations(database: Database, path: string): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  const applicationId = Number(database.pragma('application_id', { simple: true }));
  const tables = database.prepare('SELECT count(*) FROM sqlite_master').pluck().get();
  if (applicationId !== APPLICATION_ID && (tables !== 0 || version !== 0)) {
    throw new StoreError(`${path} is a SQLite database of another program; choose another path for the store`);
  }
  if (version > MIGRATIONS.length) {
    throw new StoreError(
      `${path} has schema version ${version}, but this release knows only up to ${MIGRATIONS.length}; use a newer release`,
    );
  }
  if (version === MIGRATIONS.length) return;
  for (const step of MIGRATIONS.slice(version)) database.exec(step);
  database.pragma(`application_id = ${APPLICATION_ID}`);
  database.pragma(`user_version = ${MIGRATIONS.length}`);
}
