import type { Queryable } from '../database.js';

/**
 * Texts kept beside hits, encrypted, each under a key of its own that is encrypted too, and what was done with them. A text is
 * erased by its key: `wrapped_key` and `key_id` are null then, and soon `content`.
 */
export async function createEvidence(tx: Queryable): Promise<void> {
  const { idType, integerType, bytesType, tableSuffix } = tx.dialect;
  await tx.run(`
    CREATE TABLE evidence (
      writer      TEXT NOT NULL,
      seq         ${integerType} NOT NULL,
      category    TEXT NOT NULL,
      time_ms     ${integerType} NOT NULL,
      request_id  TEXT NOT NULL,
      subject     TEXT,
      key_id      TEXT,
      wrapped_key ${bytesType},
      content     ${bytesType},
      erased_ms   ${integerType},
      PRIMARY KEY (writer, seq)
    ) ${tableSuffix}`);
  await tx.run('CREATE INDEX evidence_by_request ON evidence (request_id)');
  await tx.run('CREATE INDEX evidence_by_subject ON evidence (subject) WHERE subject IS NOT NULL');
  await tx.run('CREATE INDEX evidence_by_time ON evidence (category, time_ms)');
  await tx.run(`
    CREATE TABLE evidence_events (
      id      ${idType},
      time_ms ${integerType} NOT NULL,
      kind    TEXT NOT NULL,
      hit     TEXT,
      count   ${integerType} NOT NULL,
      actor   TEXT,
      reason  TEXT
    ) ${tableSuffix}`);
  await tx.run('CREATE INDEX evidence_events_by_hit ON evidence_events (hit) WHERE hit IS NOT NULL');
}
