import { EvidenceError } from '../../core/index.js';
import type { Database, SqlValue } from '../database.js';
import { openContent } from './evidence-cipher.js';
import type { EvidenceKeys } from './evidence-keys.js';
import { type EvidenceEventKind, noteEvidenceEvent } from './evidence-log.js';
import type { EvidenceContent } from './evidence-sealer.js';

/** A kept text, decrypted. */
export interface RevealedEvidence extends EvidenceContent {
  /** Hit that it belongs to. */
  readonly hit: string;
  readonly category: string;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly requestId: string;
}

/** Who wants to see a text, and why. */
export interface RevealOptions {
  readonly by: string;
  readonly reason: string;
  /** Whether personal data will be shown too. */
  readonly unmasked: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/** A row of the table of kept texts. */
export interface EvidenceRow {
  readonly writer: string;
  readonly seq: number;
  readonly category: string;
  readonly time_ms: number;
  readonly request_id: string;
  readonly key_id: string | null;
  readonly wrapped_key: Uint8Array | null;
  readonly content: Uint8Array | null;
  readonly erased_ms: number | null;
}

const HIT_ID = /^([a-z0-9]+)-(\d{1,15})$/;

/** Shows kept texts, and never without a note of it. */
export class EvidenceReader {
  readonly #database: Database;
  readonly #keys: EvidenceKeys;

  constructor(database: Database, keys: EvidenceKeys) {
    this.#database = database;
    this.#keys = keys;
  }

  /**
   * The texts kept for a hit, or for a request as a notice names it. Each is noted before it is shown, and so is what cannot be.
   * @throws {EvidenceError} when none was kept, or any of them cannot be read; says why.
   */
  async reveal(id: string, { by, reason, unmasked, nowMs }: RevealOptions): Promise<RevealedEvidence[]> {
    const rows = await this.#find(id);
    const note = (kind: EvidenceEventKind, hit: string): Promise<void> =>
      noteEvidenceEvent(this.#database, { timeMs: nowMs, kind, hit, count: 1, by, reason });
    if (rows.length === 0) {
      await note('refuse', id);
      throw await this.#notCaptured(id);
    }
    const revealed: RevealedEvidence[] = [];
    for (const row of rows) {
      const hit = `${row.writer}-${row.seq}`;
      try {
        revealed.push(openEvidence(this.#keys, row));
      } catch (error) {
        await note('refuse', hit);
        throw error;
      }
      await note(unmasked ? 'reveal-unmasked' : 'reveal', hit);
    }
    return revealed;
  }

  /** How many texts are kept for a request, and can still be read; needs no key. */
  static async countOf(database: Database, requestId: string): Promise<number> {
    const [row] = await database.all<{ count: number }>(
      'SELECT count(*) AS count FROM evidence WHERE request_id = ? AND wrapped_key IS NOT NULL',
      [requestId],
    );
    return Number(row?.count);
  }

  async #find(id: string): Promise<EvidenceRow[]> {
    const of = (where: string, values: readonly SqlValue[]): Promise<EvidenceRow[]> =>
      this.#database.all<EvidenceRow>(`SELECT * FROM evidence WHERE ${where}`, values);
    const ofRequest = await of('request_id = ? ORDER BY time_ms, writer, seq', [id]);
    const [, writer, seq] = HIT_ID.exec(id) ?? [];
    if (ofRequest.length > 0 || writer === undefined) return ofRequest;
    const own = await of('writer = ? AND seq = ?', [writer, Number(seq)]);
    if (own.length > 0) return own;
    // The text is kept once per category, with the first hit in it.
    return of(
      `writer = ? AND seq < ? AND EXISTS (SELECT 1 FROM hits h JOIN hits first ON first.writer = h.writer
         AND first.request_id = h.request_id AND first.field = h.field AND first.category = h.category
       WHERE h.writer = ? AND h.seq = ? AND first.seq = evidence.seq) ORDER BY seq DESC LIMIT 1`,
      [writer, Number(seq), writer, Number(seq)],
    );
  }

  async #notCaptured(id: string): Promise<EvidenceError> {
    const [, writer, seq] = HIT_ID.exec(id) ?? [];
    const [hit] = await this.#database.all<{ category: string | null }>(
      'SELECT category FROM hits WHERE erased_ms IS NULL AND (request_id = ? OR (writer = ? AND seq = ?)) LIMIT 1',
      [id, writer ?? '', Number(seq ?? 0)],
    );
    const why =
      hit === undefined
        ? 'nothing is recorded under this id'
        : `its category (${hit.category ?? 'none'}) was not among evidence.categories when it was recorded`;
    return new EvidenceError('not-captured', `No text was kept for ${id}: ${why}`);
  }
}

/**
 * Decrypts a row.
 * @throws {EvidenceError} when it was erased, or cannot be read.
 */
export function openEvidence(keys: EvidenceKeys, row: EvidenceRow): RevealedEvidence {
  const { writer, seq, category, key_id: keyId, wrapped_key: wrappedKey, content } = row;
  const place = { writer, seq: Number(seq), category };
  const hit = `${writer}-${seq}`;
  if (keyId === null || wrappedKey === null || content === null) {
    const when = row.erased_ms === null ? '' : ` at ${new Date(Number(row.erased_ms)).toISOString()}`;
    throw new EvidenceError(
      'erased',
      `The text kept for hit ${hit} was erased${when}: its time was over, or its subject was forgotten`,
    );
  }
  // What was encrypted under this very key, for this very place, is what `sealEvidence` put there.
  const inside: EvidenceContent = JSON.parse(
    Buffer.from(openContent(keys, place, { keyId, wrappedKey, content })).toString('utf8'),
  );
  return { ...inside, hit, category, timeMs: Number(row.time_ms), requestId: row.request_id };
}
