import type { EnforcementRules, Strike } from '../core/index.js';
import { climbLadder } from '../policy/index.js';
import type { Database } from './database.js';
import {
  addStep,
  countStrikes,
  HELD,
  lockSubject,
  type RecordedStep,
  readStep,
  type StepRow,
} from './enforcement-steps.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** A step that somebody takes by hand. */
export interface ManualStep {
  readonly subject: string;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly untilMs?: number | undefined;
  readonly reason?: string | undefined;
}

/** Strikes and steps in the database. */
export class EnforcementRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Counts a strike, once for a request, and takes the steps that it leads to; resolves to the number of these. */
  async strike(strike: Strike, { expireDays, ladder }: EnforcementRules): Promise<number> {
    const { subject, requestId, timeMs, weight, category } = strike;
    return this.#database.transaction(async (tx) => {
      const restoredMs = await lockSubject(tx, subject);
      const added = await tx.run(
        'INSERT INTO strikes (subject, request_id, time_ms, weight, category) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        [subject, requestId, timeMs, weight, category],
      );
      if (added === 0) return 0;
      const since = Math.max(restoredMs, timeMs - expireDays * DAY_MS);
      const after = await countStrikes(tx, subject, since);
      const steps = climbLadder(ladder, { before: after - weight, after });
      for (const { step, minutes, paths = [] } of steps) {
        const untilMs = minutes === undefined ? null : timeMs + minutes * MINUTE_MS;
        await addStep(tx, { subject, timeMs, step, untilMs, paths, strikes: after, requestId, reason: null });
      }
      return steps.length;
    });
  }

  /** Refuses every request of a subject from now on. */
  async suspend({ subject, timeMs, untilMs = undefined, reason }: ManualStep): Promise<void> {
    await this.#database.transaction(async (tx) => {
      const restoredMs = await lockSubject(tx, subject);
      const strikes = await countStrikes(tx, subject, restoredMs);
      const own = { untilMs: untilMs ?? null, paths: [], requestId: null, reason: reason ?? null };
      await addStep(tx, { subject, timeMs, step: 'suspend', strikes, ...own });
    });
  }

  /** Takes back every step against a subject; its strikes so far count no more. */
  async restore({ subject, timeMs, reason }: Omit<ManualStep, 'untilMs'>): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await lockSubject(tx, subject);
      await tx.run('UPDATE enforcement_subjects SET restored_ms = ? WHERE subject = ?', [timeMs, subject]);
      const own = { untilMs: null, paths: [], strikes: 0, requestId: null, reason: reason ?? null };
      await addStep(tx, { subject, timeMs, step: 'restore', ...own });
    });
  }

  /** The steps that hold, in their order: neither ended nor taken back; `lastId` is that of the last step of all. */
  async heldSteps(nowMs: number): Promise<{ readonly steps: readonly RecordedStep[]; readonly lastId: number }> {
    // Asked first: a step that comes in between is then read once more, not missed.
    const [last] = await this.#database.all<{ id: number | null }>('SELECT max(id) AS id FROM enforcement_steps');
    const rows = await this.#database.all<StepRow>(`${HELD} ORDER BY id`, [nowMs]);
    return { steps: rows.map(readStep), lastId: Number(last?.id ?? 0) };
  }

  /** The steps behind an id, in their order; of the ended ones none but restorations. */
  async stepsSince(id: number, nowMs: number): Promise<RecordedStep[]> {
    const rows = await this.#database.all<StepRow>(
      "SELECT * FROM enforcement_steps WHERE id > ? AND (until_ms IS NULL OR until_ms > ? OR step = 'restore') ORDER BY id",
      [id, nowMs],
    );
    return rows.map(readStep);
  }

  /** Every step that was ever taken against a subject, in their order. */
  async historyOf(subject: string): Promise<RecordedStep[]> {
    const rows = await this.#database.all<StepRow>('SELECT * FROM enforcement_steps WHERE subject = ? ORDER BY id', [
      subject,
    ]);
    return rows.map(readStep);
  }

  /** Forgets a subject: its strikes and its steps. Resolves to the number of rows. */
  async forget(subject: string): Promise<number> {
    return this.#database.transaction(async (tx) => {
      let removed = 0;
      for (const table of ['strikes', 'enforcement_steps', 'enforcement_subjects']) {
        removed += await tx.run(`DELETE FROM ${table} WHERE subject = ?`, [subject]);
      }
      return removed;
    });
  }
}
