import type { Queryable } from '../database.js';

/** Version 1: the hit table. A row is one hit, or, with `category` null, one body or text whose outcome matters without any. */
export async function createHits(tx: Queryable): Promise<void> {
  const { idType, integerType, realType, tableSuffix } = tx.dialect;
  await tx.run(`
    CREATE TABLE hits (
      id              ${idType},
      time_ms         ${integerType} NOT NULL,
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
      score           ${realType},
      span_start      ${integerType},
      span_end        ${integerType},
      term_id         TEXT,
      policy_version  TEXT NOT NULL,
      lexicon_version TEXT NOT NULL,
      model_version   TEXT NOT NULL,
      CHECK (category IS NULL OR (source IS NOT NULL AND hit_action IS NOT NULL AND score IS NOT NULL
        AND span_start IS NOT NULL AND span_end IS NOT NULL))
    ) ${tableSuffix}`);
  await tx.run('CREATE INDEX hits_by_time ON hits (time_ms)');
  await tx.run('CREATE INDEX hits_by_request ON hits (request_id)');
}
