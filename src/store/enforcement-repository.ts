import type { EnforcementRules, EnforcementStep, Strike } from '../core/index.js';
import { climbLadder } from '../policy/index.js';
import type { Database, Queryable } from './database.js';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** One step as the database has it: taken by the ladder or by hand, or `restore`, which takes back all before it. */
export interface RecordedStep {
  /** Rises with every step, but one may become visible after a greater one. */
  readonly id: number;
  readonly subject: string;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly step: EnforcementStep | 'restore';
  /** Milliseconds since the Unix epoch; null for a step without an end. */
  readonly untilMs: number | null;
  readonly paths: readonly string[];
  readonly strikes: number;
  readonly requestId: string | null;
  readonly reason: string | null;
}

/** A step that somebody takes by hand. */
export interface ManualStep {
  readonly subject: string;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly untilMs?: number | undefined;
  readonly reason?: string | undefined;
}

interface StepRow {
  readonly id: number;
  readonly subject: string;
  readonly time_ms: number;
  readonly step: RecordedStep['step'];
  readonly until_ms: number | null;
  readonly paths: string;
  readonly strikes: number;
  readonly request_id: string | null;
  readonly reason: string | null;
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
    const rows = await this.#database.all<StepRow>(
      `SELECT * FROM enforcement_steps s
       WHERE step <> 'restore' AND (until_ms IS NULL OR until_ms > ?) AND NOT EXISTS (
         SELECT 1 FROM enforcement_steps r WHERE r.subject = s.subject AND r.id > s.id AND r.step = 'restore'
       ) ORDER BY id`,
      [nowMs],
    );
    return { steps: rows.map(fromRow), lastId: Number(last?.id ?? 0) };
  }

  /** The steps behind an id, in their order; of the ended ones none but restorations. */
  async stepsSince(id: number, nowMs: number): Promise<RecordedStep[]> {
    const rows = await this.#database.all<StepRow>(
      "SELECT * FROM enforcement_steps WHERE id > ? AND (until_ms IS NULL OR until_ms > ? OR step = 'restore') ORDER BY id",
      [id, nowMs],
    );
    return rows.map(fromRow);
  }

  /** Every step that was ever taken against a subject, in their order. */
  async historyOf(subject: string): Promise<RecordedStep[]> {
    const rows = await this.#database.all<StepRow>('SELECT * FROM enforcement_steps WHERE subject = ? ORDER BY id', [
      subject,
    ]);
    return rows.map(fromRow);
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

/** Keeps other writers from this subject until the transaction ends; resolves to when it was last restored. */
async function lockSubject(tx: Queryable, subject: string): Promise<number> {
  const [row] = await tx.all<{ restored_ms: number }>(
    `INSERT INTO enforcement_subjects (subject, restored_ms) VALUES (?, 0)
     ON CONFLICT (subject) DO UPDATE SET restored_ms = enforcement_subjects.restored_ms RETURNING restored_ms`,
    [subject],
  );
  return Number(row?.restored_ms ?? 0);
}

async function countStrikes(tx: Queryable, subject: string, sinceMs: number): Promise<number> {
  const [row] = await tx.all<{ strikes: number | null }>(
    'SELECT SUM(weight) AS strikes FROM strikes WHERE subject = ? AND time_ms > ?',
    [subject, sinceMs],
  );
  return Number(row?.strikes ?? 0);
}

async function addStep(tx: Queryable, step: Omit<RecordedStep, 'id'>): Promise<void> {
  await tx.run(
    `INSERT INTO enforcement_steps (subject, time_ms, step, until_ms, paths, strikes, request_id, reason)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      step.subject,
      step.timeMs,
      step.step,
      step.untilMs,
      JSON.stringify(step.paths),
      step.strikes,
      step.requestId,
      step.reason,
    ],
  );
}

function fromRow(row: StepRow): RecordedStep {
  return {
    id: Number(row.id),
    subject: row.subject,
    timeMs: Number(row.time_ms),
    step: row.step,
    untilMs: row.until_ms === null ? null : Number(row.until_ms),
    paths: JSON.parse(row.paths) as string[],
    strikes: row.strikes,
    requestId: row.request_id,
    reason: row.reason,
  };
}
