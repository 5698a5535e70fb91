import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { type Database, openDatabase } from '../../src/store/index.js';
import { describePostgres, PostgresSchema } from './postgres.js';
import { quiet } from './quiet.js';

/** A fresh database for each test, and a look at it from outside of the store. */
export interface DatabaseHarness {
  /** The setting `store` of the database. */
  readonly store: string;
  /** Opens it; a second call is a second process on the same database. All are closed after the test. */
  open(): Promise<Database>;
  /** The rows of a query without values, on a connection of its own. */
  query<Row = Record<string, unknown>>(sql: string): Promise<Row[]>;
}

/** Runs a suite of tests on SQLite and on PostgreSQL; where there is none, those are skipped with a notice. */
export function describeEveryDatabase(title: string, suite: (harness: DatabaseHarness) => void): void {
  describe(`${title} (SQLite)`, () => suite(sqliteHarness()));
  describePostgres(`${title} (PostgreSQL)`, () => suite(postgresHarness()));
}

function sqliteHarness(): DatabaseHarness {
  let folder = '';
  const file = (): string => join(folder, 'sluice.db');
  const opened: Database[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-store-'));
  });
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get store() {
      return `sqlite:${file()}`;
    },
    open: async () => opening(opened, `sqlite:${file()}`),
    async query<Row>(sql: string) {
      const connection = new Sqlite(file());
      try {
        const statement = connection.prepare(sql);
        if (statement.reader) return statement.all() as Row[];
        statement.run();
        return [];
      } finally {
        connection.close();
      }
    },
  };
}

function postgresHarness(): DatabaseHarness {
  let schema: PostgresSchema;
  const opened: Database[] = [];
  beforeEach(() => {
    schema = new PostgresSchema();
  });
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
    await schema.drop();
  });
  return {
    get store() {
      return schema.url;
    },
    open: async () => opening(opened, schema.url),
    query: <Row>(sql: string) => schema.query<Row>(sql),
  };
}

async function opening(opened: Database[], store: string): Promise<Database> {
  const database = await openDatabase({ store, logger: quiet });
  if (database === undefined) throw new Error(`no database: ${store}`);
  opened.push(database);
  return database;
}
