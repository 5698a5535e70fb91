import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Logger, type Store, StoreError } from '../../../src/core/index.js';
import { openSqliteStore } from '../../../src/store/index.js';
import {
  describeStoreContract,
  hitEntry,
  type RecordedRow,
  type StoreTuning,
  until,
} from '../../support/store-contract.js';

const quiet: Logger = { info: () => {}, warn: () => {}, error: () => {} };

function openAt(path: string, tuning: StoreTuning = {}): Store {
  return openSqliteStore({
    path,
    batchSize: 100,
    batchMs: 200,
    maxQueued: 10_000,
    clock: { now: () => 0 },
    logger: quiet,
    ...tuning,
  });
}

function readRows(path: string): RecordedRow[] {
  const database = new Database(path, { readonly: true });
  try {
    return database
      .prepare<[], RecordedRow>(
        `SELECT request_id AS requestId, outcome, category, term_id AS termId, span_start AS start, span_end AS end
         FROM hits ORDER BY id`,
      )
      .all();
  } finally {
    database.close();
  }
}

describeStoreContract('SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-store-'));
  const path = join(folder, 'sluice.db');
  return {
    open: (tuning) => openAt(path, tuning),
    rows: () => readRows(path),
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  };
});

describe('SQLite store', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-store-'));
    path = join(folder, 'sluice.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('uses WAL and records its schema version', async () => {
    await openAt(path).close();
    const database = new Database(path, { readonly: true });
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(database.pragma('user_version', { simple: true })).toBe(1);
    database.close();
  });

  test('stores every field of a hit', async () => {
    const store = openAt(path);
    store.record(hitEntry('r1', { mode: 'shadow', applied: 'allow' }));
    await store.close();
    const database = new Database(path, { readonly: true });
    expect(database.prepare('SELECT * FROM hits').all()).toEqual([
      {
        id: 1,
        time_ms: 1_700_000_000_000,
        request_id: 'r1',
        direction: 'input',
        route: '/v1/chat/completions',
        field: 'messages[0].content',
        outcome: 'screened',
        policy: 'default',
        mode: 'shadow',
        action: 'block',
        applied: 'allow',
        category: 'abusive',
        source: 'lexicon',
        hit_action: 'block',
        score: 0.995,
        span_start: 2,
        span_end: 10,
        term_id: 'en/abusive/00000001',
        policy_version: 'p1',
        lexicon_version: 'l1',
        model_version: 'm1',
      },
    ]);
    database.close();
  });

  test('a locked database costs an error and a retry, never an entry', async () => {
    const store = openAt(path, { batchMs: 5 });
    const blocker = new Database(path);
    blocker.exec('BEGIN IMMEDIATE');
    store.record(hitEntry('r1'));
    await expect(store.flush()).rejects.toThrow(StoreError);
    expect(store.stats()).toMatchObject({ queued: 1, written: 0, dropped: 0, errors: 1, healthy: false });
    await until(() => store.stats().errors > 1);
    blocker.exec('ROLLBACK');
    blocker.close();
    await until(() => store.stats().written === 1);
    expect(store.stats()).toMatchObject({ queued: 0, dropped: 0, healthy: true });
    await store.close();
    expect(readRows(path)).toHaveLength(1);
  });

  test('close with a database that stays locked reports the loss', async () => {
    const store = openAt(path, { batchMs: 60_000 });
    const blocker = new Database(path);
    blocker.exec('BEGIN IMMEDIATE');
    store.record(hitEntry('r1'));
    await expect(store.close()).rejects.toThrow(/database is locked/);
    expect(store.stats()).toMatchObject({ queued: 0, dropped: 1 });
    blocker.close();
  });

  test('a missing folder is named', () => {
    expect(() => openAt(join(folder, 'nowhere', 'sluice.db'))).toThrow(/the folder .*nowhere does not exist/);
  });

  test('a file that is no database is a StoreError and stays as it was', () => {
    writeFileSync(path, 'zorgblat '.repeat(200));
    expect(() => openAt(path)).toThrow(StoreError);
    expect(() => openAt(path)).toThrow(/not a database/);
  });

  test('the database of another program is left alone', () => {
    const other = new Database(path);
    other.exec('CREATE TABLE zorgblat (id INTEGER)');
    expect(() => openAt(path)).toThrow(/another program/);
    expect(other.prepare('SELECT name FROM sqlite_master').pluck().all()).toEqual(['zorgblat']);
    other.close();
  });

  test('a newer schema is refused', async () => {
    await openAt(path).close();
    const later = new Database(path);
    later.pragma('user_version = 99');
    later.close();
    expect(() => openAt(path)).toThrow(/schema version 99/);
  });

  test('a database without its table is a StoreError', async () => {
    await openAt(path).close();
    const damaged = new Database(path);
    damaged.exec('DROP TABLE hits');
    damaged.close();
    expect(() => openAt(path)).toThrow(StoreError);
  });

  test('a process killed in the middle keeps every acknowledged hit', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'crash-child.ts'), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    const exited = new Promise<NodeJS.Signals | null>((resolve) =>
      child.on('exit', (_code, signal) => resolve(signal)),
    );
    const ready = new Promise<void>((resolve) => {
      child.on('exit', () => resolve());
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        if ((output.match(/acked/g) ?? []).length >= 5) resolve();
      });
    });
    await ready;
    child.kill('SIGKILL');
    expect(await exited).toBe('SIGKILL');

    const acked = Number([...output.matchAll(/acked (\d+)\n/g)].at(-1)?.[1]);
    expect(acked).toBeGreaterThanOrEqual(50);
    const store = openAt(path);
    const ids = readRows(path).map((row) => row.requestId);
    expect(ids.length).toBeGreaterThanOrEqual(acked);
    expect(ids).toEqual(ids.map((_, index) => `r${index}`));
    await store.close();
    const database = new Database(path, { readonly: true });
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    database.close();
  });
});
