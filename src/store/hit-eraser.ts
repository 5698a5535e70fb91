import type { Category } from '../core/index.js';
import type { Database, Queryable, SqlValue } from './database.js';
import { HIT_COLUMNS } from './hit-content.js';

/** Rows erased in one transaction: writers wait for it. */
const BLOCK_ROWS = 500;

/** What a row leaves behind is its place in the chain: digest and hash, which tell nothing without the salt. */
const ERASE = `
  UPDATE hits SET ${[...Object.keys(HIT_COLUMNS), 'salt'].map((column) => `${column} = NULL`).join(', ')}, erased_ms = ?
  WHERE id IN (SELECT id FROM hits WHERE erased_ms IS NULL AND`;

/** Which rows are too old. */
export interface Expiry {
  /** Null for rows about texts in which nothing was found. */
  readonly category: Category | null;
  /** Rows from before this moment go, in milliseconds since the Unix epoch. */
  readonly beforeMs: number;
}

/** Takes content out of the record, and leaves the chains whole. */
export class HitEraser {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Erases what is from a moment or before it about a subject, whose id `subjectId` makes; resolves to the number of rows. */
  async eraseSubject(subject: string, nowMs: number, untilMs = Number.MAX_SAFE_INTEGER): Promise<number> {
    const erased = await this.#erase('subject = ? AND time_ms <= ?', [subject, untilMs], nowMs);
    if (erased > 0) await this.#database.reclaim();
    return erased;
  }

  /** Erases what is too old, and removes what is erased at the beginnings of chains; resolves to the number of erased rows. */
  async expire(expiries: readonly Expiry[], nowMs: number): Promise<number> {
    let erased = 0;
    for (const { category, beforeMs } of expiries) {
      const [condition, values]: [string, SqlValue[]] =
        category === null ? ['category IS NULL', []] : ['category = ?', [category]];
      erased += await this.#erase(`${condition} AND time_ms < ?`, [...values, beforeMs], nowMs);
    }
    await this.#cutBeginnings();
    if (erased > 0) await this.#database.reclaim();
    return erased;
  }

  async #erase(condition: string, values: readonly SqlValue[], nowMs: number): Promise<number> {
    let erased = 0;
    for (;;) {
      const count = await this.#database.run(`${ERASE} ${condition} ORDER BY id LIMIT ?)`, [
        nowMs,
        ...values,
        BLOCK_ROWS,
      ]);
      erased += count;
      if (count < BLOCK_ROWS) return erased;
    }
  }

  /** A chain begins where its first row with content is: what was before is one hash. */
  async #cutBeginnings(): Promise<void> {
    const writers = await this.#database.all<{ writer: string; last: number | null }>(
      `SELECT w.writer,
              coalesce((SELECT min(seq) - 1 FROM hits h WHERE h.writer = w.writer AND erased_ms IS NULL),
                       (SELECT max(seq) FROM hits h WHERE h.writer = w.writer)) AS last
       FROM writers w`,
    );
    for (const { writer, last } of writers) {
      if (last !== null) await this.#database.transaction((tx) => cut(tx, writer, last));
    }
  }
}

async function cut(tx: Queryable, writer: string, last: number): Promise<void> {
  const [row] = await tx.all<{ hash: Uint8Array }>('SELECT hash FROM hits WHERE writer = ? AND seq = ?', [
    writer,
    last,
  ]);
  if (row === undefined) return;
  await tx.run('UPDATE writers SET base_seq = ?, base_hash = ? WHERE writer = ?', [last, row.hash, writer]);
  await tx.run('DELETE FROM hits WHERE writer = ? AND seq <= ? AND erased_ms IS NOT NULL', [writer, last]);
}
