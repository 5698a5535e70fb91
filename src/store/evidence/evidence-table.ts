import type { BulkInsert, SqlValue, TableRows } from '../database.js';
import type { SealedEvidence } from './evidence-sealer.js';

const EVIDENCE: BulkInsert = {
  table: 'evidence',
  columns: {
    writer: 'text',
    seq: 'integer',
    category: 'text',
    time_ms: 'integer',
    request_id: 'text',
    subject: 'text',
    key_id: 'text',
    wrapped_key: 'bytes',
    content: 'bytes',
  },
  // Also what was erased meanwhile stays so: its row is still there.
  suffix: 'ON CONFLICT (writer, seq) DO NOTHING',
};

/** Texts as rows for the database; those that are there, or were, are left alone. */
export function evidenceRows(evidence: readonly SealedEvidence[]): TableRows {
  const rows = evidence.map((each): SqlValue[] => [
    each.writer,
    each.seq,
    each.category,
    each.timeMs,
    each.requestId,
    each.subject,
    each.keyId,
    each.wrappedKey,
    each.content,
  ]);
  return { into: EVIDENCE, rows };
}
