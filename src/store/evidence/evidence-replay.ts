import { type Direction, EvidenceError } from '../../core/index.js';
import type { Database } from '../database.js';
import type { EvidenceKeys } from './evidence-keys.js';
import { noteEvidenceEvent } from './evidence-log.js';
import { type EvidenceRow, openEvidence, type RevealedEvidence } from './evidence-reader.js';

/** A kept text with what it was judged by. */
export interface ReplayedEvidence extends RevealedEvidence {
  readonly direction: Direction;
  /** Name of the policy. */
  readonly policy: string;
}

/** Who has texts judged again, and why. */
export interface ReplayOptions {
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Texts at most, the newest. */
  readonly limit: number;
}

interface ReplayRow extends EvidenceRow {
  readonly direction: Direction;
  readonly policy: string;
}

/** Texts decrypted at a time: whoever judges them blocks nothing else for longer. */
const PAGE_ROWS = 50;

/** Kept texts that can be read, for a machine to judge again, the newest first; undefined in place of one that cannot. Noted first. */
export async function* replayEvidence(
  database: Database,
  keys: EvidenceKeys,
  { by, reason, nowMs, limit }: ReplayOptions,
): AsyncGenerator<ReplayedEvidence | undefined> {
  const [kept] = await database.all<{ count: number }>(
    'SELECT count(*) AS count FROM evidence WHERE wrapped_key IS NOT NULL',
  );
  const count = Math.min(Number(kept?.count), limit);
  if (count === 0) return;
  await noteEvidenceEvent(database, { timeMs: nowMs, kind: 'replay', hit: null, count, by, reason });
  for (let offset = 0; offset < limit; offset += PAGE_ROWS) {
    const rows = await database.all<ReplayRow>(
      `SELECT e.*, h.direction, h.policy FROM evidence e JOIN hits h ON h.writer = e.writer AND h.seq = e.seq
       WHERE e.wrapped_key IS NOT NULL AND h.erased_ms IS NULL
       ORDER BY e.time_ms DESC, e.writer, e.seq LIMIT ? OFFSET ?`,
      [Math.min(PAGE_ROWS, limit - offset), offset],
    );
    for (const row of rows) yield openOrSkip(keys, row);
    if (rows.length < PAGE_ROWS) return;
  }
}

function openOrSkip(keys: EvidenceKeys, row: ReplayRow): ReplayedEvidence | undefined {
  try {
    return { ...openEvidence(keys, row), direction: row.direction, policy: row.policy };
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}
