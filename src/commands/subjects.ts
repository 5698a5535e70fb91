import type { Writable } from 'node:stream';
import { isoOf } from '../core/index.js';
import { EnforcementRepository, type RecordedStep } from '../store/index.js';
import { formatTable } from './format-table.js';
import { parseMoment } from './parse-moment.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** Options of every `sluice subjects` command. */
export interface SubjectsOptions extends DatabaseOptions {
  /** Write JSON lines in place of a table. */
  readonly json?: boolean;
}

/** Options of the commands that take a step by hand. */
export interface SubjectStepOptions extends SubjectsOptions {
  readonly reason?: string;
  /** A moment, as `parseMoment` reads it. */
  readonly until?: string;
}

/** Where the commands write, and what time it is. */
export interface SubjectsContext {
  readonly stdout: Writable;
  readonly nowMs: number;
}

/** Writes the steps that hold now, one subject after the other. */
export async function subjectsList(options: SubjectsOptions, { stdout, nowMs }: SubjectsContext): Promise<void> {
  await withRepository(options, async (repository) => {
    const { steps } = await repository.heldSteps(nowMs);
    const held = new Map<string, RecordedStep[]>();
    for (const step of steps) held.set(step.subject, [...(held.get(step.subject) ?? []), step]);
    writeSteps([...held.values()].flat(), options, stdout);
  });
}

/** Writes every step that was ever taken against a subject; resolves to whether there is one. */
export async function subjectsShow(
  subject: string,
  options: SubjectsOptions,
  { stdout }: SubjectsContext,
): Promise<boolean> {
  return withRepository(options, async (repository) => {
    const steps = await repository.historyOf(subject);
    writeSteps(steps, options, stdout);
    return steps.length > 0;
  });
}

/** Takes back every step against a subject. */
export async function subjectsRestore(
  subject: string,
  options: SubjectStepOptions,
  { stdout, nowMs }: SubjectsContext,
): Promise<void> {
  await withRepository(options, async (repository) => {
    await repository.restore({ subject, timeMs: nowMs, reason: options.reason });
    stdout.write(`${subject} restored; its strikes so far count no more\n`);
  });
}

/**
 * Refuses every request of a subject.
 * @throws {TypeError} for a time that is none, or is over.
 */
export async function subjectsSuspend(
  subject: string,
  options: SubjectStepOptions,
  { stdout, nowMs }: SubjectsContext,
): Promise<void> {
  const untilMs = options.until === undefined ? undefined : (parseMoment(options.until, nowMs) ?? Number.NaN);
  if (untilMs !== undefined && !(untilMs > nowMs)) {
    throw new TypeError('--until must be a time to come, such as 2030-01-31 or 2030-01-31T12:00:00Z');
  }
  await withRepository(options, async (repository) => {
    await repository.suspend({ subject, timeMs: nowMs, untilMs, reason: options.reason });
    stdout.write(`${subject} suspended${untilMs === undefined ? '' : ` until ${new Date(untilMs).toISOString()}`}\n`);
  });
}

function withRepository<Result>(
  options: DatabaseOptions,
  work: (repository: EnforcementRepository) => Promise<Result>,
): Promise<Result> {
  return withDatabase(options, (database) => work(new EnforcementRepository(database)));
}

function writeSteps(steps: readonly RecordedStep[], { json }: SubjectsOptions, stdout: Writable): void {
  if (json === true) {
    for (const { id: _, timeMs, untilMs, ...rest } of steps) {
      const times = { time: isoOf(timeMs), until: untilMs === null ? null : isoOf(untilMs) };
      stdout.write(`${JSON.stringify({ ...times, ...rest })}\n`);
    }
    return;
  }
  const head = ['time', 'subject', 'step', 'until', 'strikes', 'request or reason'];
  const rows = steps.map(({ timeMs, subject, step, untilMs, strikes, requestId, reason }) => [
    isoOf(timeMs),
    subject,
    step,
    untilMs === null ? '-' : isoOf(untilMs),
    strikes,
    reason ?? requestId ?? '-',
  ]);
  for (const line of formatTable([head, ...rows])) stdout.write(`${line}\n`);
}
