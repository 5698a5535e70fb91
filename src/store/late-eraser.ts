import { createHash } from 'node:crypto';
import type { Database } from './database.js';
import { EvidenceEraser } from './evidence/index.js';
import { HitEraser } from './hit-eraser.js';

/** Longest time that a hit waits in memory before it is in the database or in a spool, with room to spare. */
const MAX_IN_MEMORY_MS = 5 * 60_000;
/** For so long after a subject was forgotten the expiry looks for what came from memory: it runs many times in that. */
const WATCH_MS = 24 * 60 * 60_000;
/** Marks asked for in one statement. */
const BLOCK_MARKS = 500;

/** Erases what arrives when its like is erased already: hits that waited in memory or in a spool meanwhile. */
export class LateEraser {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Notes that everything about a subject, up to this moment, is to be erased. */
  async note(subject: string, nowMs: number): Promise<void> {
    await this.#database.run(
      `INSERT INTO forgotten_subjects (mark, forgotten_ms) VALUES (?, ?)
       ON CONFLICT (mark) DO UPDATE SET forgotten_ms = excluded.forgotten_ms
       WHERE excluded.forgotten_ms > forgotten_subjects.forgotten_ms`,
      [markOf(subject), nowMs],
    );
  }

  /** Erases what was recorded of the subjects among these before they were forgotten; resolves to the number of hits. */
  async eraseForgotten(subjects: Iterable<string>): Promise<number> {
    const byMark = new Map([...new Set(subjects)].map((subject) => [markOf(subject), subject]));
    const marks = [...byMark.keys()];
    let erased = 0;
    for (let at = 0; at < marks.length; at += BLOCK_MARKS) {
      const block = marks.slice(at, at + BLOCK_MARKS);
      const rows = await this.#database.all<{ mark: string; forgotten_ms: number }>(
        `SELECT mark, forgotten_ms FROM forgotten_subjects WHERE mark IN (${block.map(() => '?').join(', ')})`,
        block,
      );
      for (const { mark, forgotten_ms: untilMs } of rows) {
        const subject = byMark.get(mark);
        if (subject === undefined) continue;
        await new EvidenceEraser(this.#database).eraseSubject(subject, untilMs, untilMs);
        erased += await new HitEraser(this.#database).eraseSubject(subject, untilMs, untilMs);
      }
    }
    return erased;
  }

  /** Erases what came from memory after its subject was forgotten; resolves to the number of hits. */
  async eraseRecent(nowMs: number): Promise<number> {
    const moments = await this.#database.all<{ forgotten_ms: number }>(
      'SELECT DISTINCT forgotten_ms FROM forgotten_subjects WHERE forgotten_ms > ?',
      [nowMs - WATCH_MS],
    );
    let erased = 0;
    for (const { forgotten_ms: untilMs } of moments) {
      const rows = await this.#database.all<{ subject: string }>(
        'SELECT DISTINCT subject FROM hits WHERE subject IS NOT NULL AND time_ms BETWEEN ? AND ?',
        [untilMs - MAX_IN_MEMORY_MS, untilMs],
      );
      erased += await this.eraseForgotten(rows.map(({ subject }) => subject));
    }
    return erased;
  }

  /** Removes rows of a writer from before the beginning of its chain: a batch that came again after retention had cut them off. */
  async removeCut(writer: string): Promise<void> {
    await this.#database.run(
      'DELETE FROM hits WHERE writer = ? AND seq <= (SELECT base_seq FROM writers w WHERE w.writer = hits.writer)',
      [writer],
    );
  }
}

function markOf(subject: string): string {
  return createHash('sha256').update(`sluice forgotten 1 ${subject}`).digest('hex');
}
