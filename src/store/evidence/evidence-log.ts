import type { Queryable } from '../database.js';

/**
 * What was done with kept texts: `reveal` with personal data masked, `reveal-unmasked` without, `refuse` when one could not be
 * shown, `replay` when texts were judged again by the machine and shown to nobody, `rotate`, `expire` and `forget`.
 */
export type EvidenceEventKind = 'reveal' | 'reveal-unmasked' | 'refuse' | 'replay' | 'rotate' | 'expire' | 'forget';

/** Something that was done with kept texts. */
export interface EvidenceEvent {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly kind: EvidenceEventKind;
  /** Hit whose text it was; null for what concerns many. */
  readonly hit: string | null;
  /** Texts that were concerned. */
  readonly count: number;
  /** Who did it, as they say themselves; null for sluice itself. */
  readonly by: string | null;
  readonly reason: string | null;
}

interface EventRow {
  readonly time_ms: number;
  readonly kind: EvidenceEventKind;
  readonly hit: string | null;
  readonly count: number;
  readonly actor: string | null;
  readonly reason: string | null;
}

/** Notes an event. */
export async function noteEvidenceEvent(tx: Queryable, event: EvidenceEvent): Promise<void> {
  await tx.run('INSERT INTO evidence_events (time_ms, kind, hit, count, actor, reason) VALUES (?, ?, ?, ?, ?, ?)', [
    Math.trunc(event.timeMs),
    event.kind,
    event.hit,
    event.count,
    event.by,
    event.reason,
  ]);
}

/** The events that were noted last, the oldest of them first; of one hit where one is given. */
export async function listEvidenceEvents(
  database: Queryable,
  { limit, hit }: { readonly limit: number; readonly hit?: string | undefined },
): Promise<EvidenceEvent[]> {
  const where = hit === undefined ? '' : 'WHERE hit = ?';
  const rows = await database.all<EventRow>(`SELECT * FROM evidence_events ${where} ORDER BY id DESC LIMIT ?`, [
    ...(hit === undefined ? [] : [hit]),
    limit,
  ]);
  return rows.reverse().map(({ time_ms, kind, hit: of, count, actor, reason }) => ({
    timeMs: Number(time_ms),
    kind,
    hit: of,
    count: Number(count),
    by: actor,
    reason,
  }));
}
