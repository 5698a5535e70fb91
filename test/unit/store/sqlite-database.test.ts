import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { StoreError } from '../../../src/core/index.js';
import { openDatabase } from '../../../src/store/index.js';
import { quiet } from '../../support/quiet.js';
import { TempFolder } from '../../support/temp-folder.js';

const folder = new TempFolder();
let count = 0;
let path: string;
beforeEach(() => {
  const home = join(folder.path, String(count++));
  mkdirSync(home);
  path = join(home, 'sluice.db');
});

const open = (file = path, busyMs = 20) => openDatabase({ store: `sqlite:${file}`, busyMs, logger: quiet });

describe('a SQLite database', () => {
  test('uses WAL and records its schema version', async () => {
    await (await open())?.close();
    const database = new Sqlite(path, { readonly: true });
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(database.pragma('user_version', { simple: true })).toBeGreaterThan(0);
    database.close();
  });

  test('in memory lives as long as it is open', async () => {
    const database = await open(':memory:');
    expect(await database?.all('SELECT * FROM hits')).toEqual([]);
    await database?.close();
  });

  test('a lock that another process holds is an error after the busy time, and no transaction stays open', async () => {
    const database = await open();
    const blocker = new Sqlite(path);
    blocker.exec('BEGIN IMMEDIATE');
    await expect(database?.transaction(async () => undefined)).rejects.toThrow(/database is locked/);
    blocker.exec('ROLLBACK');
    blocker.close();
    expect(await database?.transaction(async (tx) => tx.all('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    await database?.close();
  });

  test('a missing folder is named', async () => {
    await expect(open(join(folder.path, 'nowhere', 'sluice.db'))).rejects.toThrow(
      /the folder .*nowhere does not exist/,
    );
  });

  test('a file that is no database is a StoreError and stays as it was', async () => {
    writeFileSync(path, 'zorgblat '.repeat(200));
    await expect(open()).rejects.toThrow(StoreError);
    await expect(open()).rejects.toThrow(/not a database/);
  });

  test('the database of another program is left alone', async () => {
    const other = new Sqlite(path);
    other.exec('CREATE TABLE zorgblat (id INTEGER)');
    await expect(open()).rejects.toThrow(/another program/);
    expect(other.prepare('SELECT name FROM sqlite_master').pluck().all()).toEqual(['zorgblat']);
    other.close();
  });

  test('a newer schema is refused', async () => {
    await (await open())?.close();
    const later = new Sqlite(path);
    later.pragma('user_version = 99');
    later.close();
    await expect(open()).rejects.toThrow(/schema version 99/);
  });
});
