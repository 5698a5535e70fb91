import { EvidenceError } from '../../core/index.js';
import type { Database } from '../database.js';
import { rewrapKey } from './evidence-cipher.js';
import type { EvidenceKeys } from './evidence-keys.js';
import { noteEvidenceEvent } from './evidence-log.js';
import type { EvidenceRow } from './evidence-reader.js';

/** Rows rewrapped in one transaction: writers wait for it. */
const BLOCK_ROWS = 500;

/** What a rotation has done. */
export interface RotationReport {
  /** Id of the key that protects them now. */
  readonly keyId: string;
  readonly rewrapped: number;
  /** Texts whose key is not in the environment, or whose row is damaged, by the id of that key. */
  readonly left: ReadonlyMap<string, number>;
}

/**
 * Protects every kept text by the current key, so that the older ones can be thrown away once nobody writes with them any more.
 * Texts may be written, shown and erased meanwhile.
 */
export async function rotateEvidenceKeys(
  database: Database,
  keys: EvidenceKeys,
  { by, nowMs }: { readonly by: string | null; readonly nowMs: number },
): Promise<RotationReport> {
  const keyId = keys.current.id;
  const left = new Map<string, number>();
  let rewrapped = 0;
  let after = { writer: '', seq: 0 };
  for (;;) {
    const rows = await database.all<EvidenceRow>(
      `SELECT * FROM evidence WHERE wrapped_key IS NOT NULL AND key_id <> ? AND (writer, seq) > (?, ?)
       ORDER BY writer, seq LIMIT ?`,
      [keyId, after.writer, after.seq, BLOCK_ROWS],
    );
    const last = rows.at(-1);
    if (last === undefined) break;
    after = { writer: last.writer, seq: Number(last.seq) };
    const moved = rows.flatMap((row) => {
      const wrapped = rewrapRow(keys, row);
      if (wrapped === undefined) left.set(row.key_id ?? '', (left.get(row.key_id ?? '') ?? 0) + 1);
      return wrapped === undefined ? [] : [{ row, wrapped }];
    });
    rewrapped += await database.transaction(async (tx) => {
      let changed = 0;
      for (const { row, wrapped } of moved) {
        // Not one that was erased since it was read.
        changed += await tx.run(
          'UPDATE evidence SET key_id = ?, wrapped_key = ? WHERE writer = ? AND seq = ? AND key_id = ?',
          [keyId, wrapped, row.writer, row.seq, row.key_id],
        );
      }
      return changed;
    });
  }
  if (rewrapped > 0) {
    const event = {
      timeMs: nowMs,
      kind: 'rotate',
      hit: null,
      count: rewrapped,
      by,
      reason: `to key ${keyId}`,
    } as const;
    await noteEvidenceEvent(database, event);
    await database.reclaim();
  }
  return { keyId, rewrapped, left };
}

function rewrapRow(keys: EvidenceKeys, row: EvidenceRow): Uint8Array | undefined {
  const { writer, seq, category, key_id: keyId, wrapped_key: wrappedKey } = row;
  if (keyId === null || wrappedKey === null) return undefined;
  try {
    return rewrapKey(keys, { writer, seq: Number(seq), category }, { keyId, wrappedKey });
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}
