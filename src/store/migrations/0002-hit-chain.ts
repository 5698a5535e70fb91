import type { BulkInsert, Queryable, SqlRow, SqlValue } from '../database.js';
import { HitChain } from '../hit-chain.js';

/** Rows moved at a time. */
const BLOCK_ROWS = 1_000;
/** Writer of the rows from before there was a chain: it proves what becomes of them from now on, not what became of them before. */
const WRITER = 'unchained';

/**
 * Version 2: the rows of the hit table name the subject and form a chain per writer, and can be erased: what they say and the
 * salt are null then, digest and hash stay. `writers` says where each chain begins and ends.
 */
export async function chainHits(tx: Queryable): Promise<void> {
  const { idType, integerType, realType, bytesType, tableSuffix } = tx.dialect;
  await tx.run(`
    CREATE TABLE writers (
      writer     TEXT NOT NULL PRIMARY KEY,
      key_id     TEXT,
      started_ms ${integerType} NOT NULL,
      closed_ms  ${integerType},
      base_seq   ${integerType} NOT NULL,
      base_hash  ${bytesType} NOT NULL,
      head_seq   ${integerType} NOT NULL,
      head_hash  ${bytesType} NOT NULL,
      lost       ${integerType} NOT NULL
    ) ${tableSuffix}`);
  await tx.run('ALTER TABLE hits RENAME TO hits_1');
  await tx.run('DROP INDEX hits_by_time');
  await tx.run('DROP INDEX hits_by_request');
  await tx.run(`
    CREATE TABLE hits (
      id               ${idType},
      writer           TEXT NOT NULL,
      seq              ${integerType} NOT NULL,
      time_ms          ${integerType},
      request_id       TEXT,
      subject          TEXT,
      direction        TEXT,
      route            TEXT,
      field            TEXT,
      outcome          TEXT,
      policy           TEXT,
      mode             TEXT,
      action           TEXT,
      applied          TEXT,
      category         TEXT,
      source           TEXT,
      hit_action       TEXT,
      score            ${realType},
      span_start       ${integerType},
      span_end         ${integerType},
      term_id          TEXT,
      policy_version   TEXT,
      lexicon_version  TEXT,
      model_version    TEXT,
      features_version TEXT,
      salt             ${bytesType},
      digest           ${bytesType} NOT NULL,
      hash             ${bytesType} NOT NULL,
      erased_ms        ${integerType},
      UNIQUE (writer, seq)
    ) ${tableSuffix}`);
  await moveHits(tx);
  await tx.run('DROP TABLE hits_1');
  await tx.run('CREATE INDEX hits_by_time ON hits (time_ms)');
  await tx.run('CREATE INDEX hits_by_request ON hits (request_id)');
  await tx.run('CREATE INDEX hits_by_subject ON hits (subject) WHERE subject IS NOT NULL');
}

const HITS: BulkInsert = {
  table: 'hits',
  columns: {
    writer: 'text',
    seq: 'integer',
    time_ms: 'integer',
    request_id: 'text',
    subject: 'text',
    direction: 'text',
    route: 'text',
    field: 'text',
    outcome: 'text',
    policy: 'text',
    mode: 'text',
    action: 'text',
    applied: 'text',
    category: 'text',
    source: 'text',
    hit_action: 'text',
    score: 'real',
    span_start: 'integer',
    span_end: 'integer',
    term_id: 'text',
    policy_version: 'text',
    lexicon_version: 'text',
    model_version: 'text',
    features_version: 'text',
    salt: 'bytes',
    digest: 'bytes',
    hash: 'bytes',
  },
};
const CONTENT = Object.keys(HITS.columns).slice(2, -3);
/** What the first version did not know. */
const NEW_CONTENT: SqlRow = { subject: null, features_version: 'none' };

async function moveHits(tx: Queryable): Promise<void> {
  const chain = new HitChain(WRITER);
  const start = chain.head;
  let timeMs = 0;
  for (let lastId = 0; ; ) {
    const rows = await tx.all('SELECT * FROM hits_1 WHERE id > ? ORDER BY id LIMIT ?', [lastId, BLOCK_ROWS]);
    const last = rows.at(-1);
    if (last === undefined) break;
    lastId = Number(last['id']);
    timeMs = Number(last['time_ms']);
    const sealed = rows.map((row) => chain.seal(CONTENT.map((column) => row[column] ?? NEW_CONTENT[column] ?? null)));
    const values = sealed.map((hit): SqlValue[] => {
      return [hit.writer, hit.seq, ...hit.content, hit.salt, hit.digest, hit.hash];
    });
    await tx.insert(HITS, values);
  }
  const { head } = chain;
  if (head.seq === 0) return;
  await tx.run('INSERT INTO writers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)', [
    WRITER,
    null,
    timeMs,
    timeMs,
    start.seq,
    start.hash,
    head.seq,
    head.hash,
    0,
  ]);
}
