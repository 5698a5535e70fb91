import type { Category } from '../../core/index.js';
import type { Database, SqlValue } from '../database.js';
import { noteEvidenceEvent } from './evidence-log.js';

/** Rows erased in one transaction: writers wait for it. */
const BLOCK_ROWS = 500;

/** Which kept texts are too old. */
export interface EvidenceExpiry {
  readonly category: Category;
  /** Texts from before this moment go, in milliseconds since the Unix epoch. */
  readonly beforeMs: number;
}

/** Makes kept texts unreadable for good: first their keys go, then what they open. */
export class EvidenceEraser {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Erases what is too old, and leaves a row that says so for as long as the hit is there; resolves to the number of texts. */
  async expire(expiries: readonly EvidenceExpiry[], nowMs: number): Promise<number> {
    let erased = 0;
    for (const { category, beforeMs } of expiries) {
      erased += await this.#destroy('category = ? AND time_ms < ?', [category, beforeMs], nowMs);
    }
    erased += await this.#removeOrphans(nowMs);
    if (erased > 0) await this.#finish('expire', erased, nowMs);
    return erased;
  }

  /** Erases the texts of a subject from a moment or before it, with all that tells of it; resolves to the number of texts. */
  async eraseSubject(subject: string, nowMs: number, untilMs = Number.MAX_SAFE_INTEGER): Promise<number> {
    const erased = await this.#destroy('subject = ? AND time_ms <= ?', [subject, untilMs], nowMs);
    // The rows of texts that had expired before tell of the subject too. What stays keeps a late copy from coming back.
    const told = await this.#database.run(
      "UPDATE evidence SET request_id = '', subject = NULL WHERE subject = ? AND time_ms <= ?",
      [subject, untilMs],
    );
    if (erased > 0) await this.#finish('forget', erased, nowMs);
    else if (told > 0) await this.#database.reclaim();
    return erased;
  }

  async #destroy(condition: string, values: readonly SqlValue[], nowMs: number): Promise<number> {
    const block = `(SELECT writer, seq FROM evidence WHERE wrapped_key IS NOT NULL AND ${condition} LIMIT ?)`;
    let erased = 0;
    for (;;) {
      // A transaction of its own: once it is through, nothing that comes after can fail so that the text can be read again.
      const count = await this.#database.run(
        `UPDATE evidence SET wrapped_key = NULL, key_id = NULL, erased_ms = ? WHERE (writer, seq) IN ${block}`,
        [nowMs, ...values, BLOCK_ROWS],
      );
      erased += count;
      if (count < BLOCK_ROWS) break;
    }
    await this.#database.run('UPDATE evidence SET content = NULL WHERE wrapped_key IS NULL AND content IS NOT NULL');
    return erased;
  }

  /** A text does not outlive its hit; the row of an erased one goes with the row of the hit. */
  async #removeOrphans(nowMs: number): Promise<number> {
    const ofHit = 'SELECT 1 FROM hits h WHERE h.writer = evidence.writer AND h.seq = evidence.seq';
    const erased = await this.#destroy(`NOT EXISTS (${ofHit} AND h.erased_ms IS NULL)`, [], nowMs);
    await this.#database.run(`DELETE FROM evidence WHERE wrapped_key IS NULL AND NOT EXISTS (${ofHit})`);
    return erased;
  }

  async #finish(kind: 'expire' | 'forget', count: number, nowMs: number): Promise<void> {
    await noteEvidenceEvent(this.#database, { timeMs: nowMs, kind, hit: null, count, by: null, reason: null });
    await this.#database.reclaim();
  }
}
