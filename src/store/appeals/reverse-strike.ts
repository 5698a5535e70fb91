import type { EnforcementRules } from '../../core/index.js';
import { replayLadder } from '../../policy/index.js';
import type { Queryable } from '../database.js';
import { addStep, HELD, lockSubject, type RecordedStep, readStep, type StepRow } from '../enforcement-steps.js';

/** A strike that counts no more. */
export interface ReversedStrike {
  readonly subject: string;
  readonly weight: number;
  /** Steps that are taken back, or end earlier, because without the strike they would not have been taken so. */
  readonly stepsChanged: number;
}

/** Which strike, and when strikes lead to steps now. */
export interface ReverseStrikeOptions {
  readonly requestId: string;
  /** Undefined where strikes lead to none any more; then only the steps of this very strike are taken back. */
  readonly rules: EnforcementRules | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** For the record of steps. */
  readonly reason: string;
}

const MINUTE_MS = 60_000;

/**
 * Takes back the strike of a request, and the steps that its subject would not be under without it; steps by hand stay, and none
 * becomes harder than it is. Resolves to null when the request has no strike that counts.
 */
export async function reverseStrike(
  tx: Queryable,
  { requestId, rules, timeMs, reason }: ReverseStrikeOptions,
): Promise<ReversedStrike | null> {
  const [strike] = await tx.all<{ subject: string; weight: number }>(
    'SELECT subject, weight FROM strikes WHERE request_id = ? AND weight > 0',
    [requestId],
  );
  if (strike === undefined) return null;
  const { subject, weight } = strike;
  const restoredMs = await lockSubject(tx, subject);
  // The row stays, so that a late copy of the strike does not count again.
  await tx.run('UPDATE strikes SET weight = 0 WHERE subject = ? AND request_id = ?', [subject, requestId]);
  const held = (await tx.all<StepRow>(`${HELD} AND subject = ? ORDER BY id`, [timeMs, subject])).map(readStep);
  const justified = rules === undefined ? undefined : await stepsWithout(tx, { subject, restoredMs, rules });
  const kept = held.flatMap((step) => {
    if (step.requestId === null) return [step];
    if (justified === undefined) return step.requestId === requestId ? [] : [step];
    return shortened(step, justified).filter(({ untilMs }) => untilMs === null || untilMs > timeMs);
  });
  const asBefore = kept.filter((step) => held.includes(step)).length;
  const stepsChanged = held.length - asBefore;
  if (stepsChanged > 0) {
    // Whoever follows the steps knows one way back: all are taken back, then those that still hold are taken again.
    const restored = { untilMs: null, paths: [], strikes: 0, requestId: null, reason };
    await addStep(tx, { subject, timeMs, step: 'restore', ...restored });
    for (const step of kept) await addStep(tx, step);
  }
  return { subject, weight, stepsChanged };
}

/** Steps that the strikes which still count lead to. */
async function stepsWithout(
  tx: Queryable,
  options: { readonly subject: string; readonly restoredMs: number; readonly rules: EnforcementRules },
): Promise<Pick<RecordedStep, 'step' | 'paths' | 'untilMs'>[]> {
  const { subject, restoredMs, rules } = options;
  const rows = await tx.all<{ time_ms: number; weight: number }>(
    'SELECT time_ms, weight FROM strikes WHERE subject = ? AND time_ms > ? AND weight > 0',
    [subject, restoredMs],
  );
  const strikes = rows.map((row) => ({ timeMs: Number(row.time_ms), weight: row.weight }));
  return replayLadder(strikes, rules).map(({ rung: { step, paths = [], minutes }, timeMs }) => ({
    step,
    paths,
    untilMs: minutes === undefined ? null : timeMs + minutes * MINUTE_MS,
  }));
}

/** A step as far as it is justified: itself, one that ends earlier, or none. */
function shortened(
  step: RecordedStep,
  justified: readonly Pick<RecordedStep, 'step' | 'paths' | 'untilMs'>[],
): RecordedStep[] {
  const alike = justified.filter((other) => other.step === step.step && other.paths.join(' ') === step.paths.join(' '));
  if (alike.length === 0) return [];
  const endOf = ({ untilMs }: Pick<RecordedStep, 'untilMs'>): number => untilMs ?? Number.POSITIVE_INFINITY;
  const end = Math.max(...alike.map(endOf));
  return [end >= endOf(step) ? step : { ...step, untilMs: end }];
}
