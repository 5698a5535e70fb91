import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { digestHit, genesisHash, HIT_COLUMNS, linkHash, openDatabase } from '../../../src/store/index.js';
import { describeEveryDatabase } from '../../support/every-database.js';
import { quiet } from '../../support/quiet.js';
import { TempFolder } from '../../support/temp-folder.js';

/** The schema that the first release shipped for SQLite, word for word. */
const VERSION_1 = `
  CREATE TABLE hits (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms         INTEGER NOT NULL,
    request_id      TEXT NOT NULL,
    direction       TEXT NOT NULL,
    route           TEXT NOT NULL,
    field           TEXT NOT NULL,
    outcome         TEXT NOT NULL,
    policy          TEXT NOT NULL,
    mode            TEXT NOT NULL,
    action          TEXT NOT NULL,
    applied         TEXT NOT NULL,
    category        TEXT,
    source          TEXT,
    hit_action      TEXT,
    score           REAL,
    span_start      INTEGER,
    span_end        INTEGER,
    term_id         TEXT,
    policy_version  TEXT NOT NULL,
    lexicon_version TEXT NOT NULL,
    model_version   TEXT NOT NULL,
    CHECK (category IS NULL OR (source IS NOT NULL AND hit_action IS NOT NULL AND score IS NOT NULL
      AND span_start IS NOT NULL AND span_end IS NOT NULL))
  ) STRICT;
  CREATE INDEX hits_by_time ON hits (time_ms);
  CREATE INDEX hits_by_request ON hits (request_id);
  PRAGMA application_id = ${0x53_4c_55_43};
  PRAGMA user_version = 1;
`;

describeEveryDatabase('the migrations', (harness) => {
  test('end at the same tables whatever the dialect', async () => {
    const database = await harness.open();
    for (const table of ['hits', 'writers']) expect(await database.all(`SELECT * FROM ${table}`)).toEqual([]);
    await expect(database.all('SELECT * FROM hits_1')).rejects.toThrow();
  });
});

const folder = new TempFolder();

test('rows of the first version are kept, and chained from then on', async () => {
  const old = new Sqlite(join(folder.path, 'old.db'));
  old.pragma('journal_mode = WAL');
  old.exec(VERSION_1);
  const insert = old.prepare(`INSERT INTO hits VALUES (NULL${', ?'.repeat(20)})`);
  const hit = ['abusive', 'lexicon', 'block', 0.995, 2, 10, 'en/abusive/00000001'];
  const none = [null, null, null, null, null, null, null];
  for (let index = 0; index < 2_345; index += 1) {
    const facts = [1_700_000_000_000 + index, `r${index}`, 'input', '/v1/x', 'prompt', 'screened', 'default'];
    const rest = ['enforce', 'block', 'block', ...(index % 7 === 0 ? none : hit), 'p1', 'l1', 'm1'];
    insert.run(...facts, ...rest);
  }
  old.close();

  const database = await openDatabase({ store: `sqlite:${join(folder.path, 'old.db')}`, logger: quiet });
  const rows = (await database?.all('SELECT * FROM hits ORDER BY id')) ?? [];
  expect(rows).toHaveLength(2_345);
  let hash = genesisHash('unchained');
  for (const [index, row] of rows.entries()) {
    expect(row).toMatchObject({ writer: 'unchained', seq: index + 1, request_id: `r${index}`, subject: null });
    const content = Object.keys(HIT_COLUMNS).map((column) => row[column] ?? null);
    const digest = digestHit(row['salt'] as Uint8Array, content);
    hash = linkHash(hash, digest, undefined);
    expect([row['digest'], row['hash']]).toEqual([digest, hash]);
  }
  expect(rows[1]).toMatchObject({ category: 'abusive', score: 0.995, span_end: 10, features_version: 'none' });
  expect(rows[7]).toMatchObject({ category: null, score: null, term_id: null, model_version: 'm1' });
  expect(await database?.all('SELECT writer, base_seq, head_seq, head_hash, lost FROM writers')).toEqual([
    { writer: 'unchained', base_seq: 0, head_seq: 2_345, head_hash: hash, lost: 0 },
  ]);
  await database?.close();
});
