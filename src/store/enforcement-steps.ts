import type { EnforcementStep } from '../core/index.js';
import type { Queryable } from './database.js';

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

/** A row of the table of steps. */
export interface StepRow {
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

/** The steps that hold at a moment, its one value: neither ended nor taken back. */
export const HELD = `
  SELECT * FROM enforcement_steps s
  WHERE step <> 'restore' AND (until_ms IS NULL OR until_ms > ?) AND NOT EXISTS (
    SELECT 1 FROM enforcement_steps r WHERE r.subject = s.subject AND r.id > s.id AND r.step = 'restore'
  )`;

/** Keeps other writers from this subject until the transaction ends; resolves to when it was last restored. */
export async function lockSubject(tx: Queryable, subject: string): Promise<number> {
  const [row] = await tx.all<{ restored_ms: number }>(
    `INSERT INTO enforcement_subjects (subject, restored_ms) VALUES (?, 0)
     ON CONFLICT (subject) DO UPDATE SET restored_ms = enforcement_subjects.restored_ms RETURNING restored_ms`,
    [subject],
  );
  return Number(row?.restored_ms ?? 0);
}

/** Strikes of a subject that count since a moment. */
export async function countStrikes(tx: Queryable, subject: string, sinceMs: number): Promise<number> {
  const [row] = await tx.all<{ strikes: number | null }>(
    'SELECT SUM(weight) AS strikes FROM strikes WHERE subject = ? AND time_ms > ?',
    [subject, sinceMs],
  );
  return Number(row?.strikes ?? 0);
}

/** Writes a step. */
export async function addStep(tx: Queryable, step: Omit<RecordedStep, 'id'>): Promise<void> {
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

/** Returns a row of the table of steps as a step. */
export function readStep(row: StepRow): RecordedStep {
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
