import { CATEGORIES, type Category } from '../core/index.js';
import { AppealRepository } from './appeals/index.js';
import type { Database } from './database.js';
import { EnforcementRepository } from './enforcement-repository.js';
import { EvidenceEraser, type EvidenceExpiry } from './evidence/index.js';
import { expiriesAt, type Retention } from './expiries.js';
import { HitEraser } from './hit-eraser.js';
import { LateEraser } from './late-eraser.js';

/** How long things are kept. */
export interface RetentionRules {
  readonly retention: Retention & { readonly appeals: number };
  /** Days that kept texts stay readable, by category. */
  readonly evidence: { readonly categories: Readonly<Partial<Record<Category, number | undefined>>> };
}

/** How many of each were erased. */
export interface Erased {
  readonly hits: number;
  /** Kept texts. */
  readonly texts: number;
  readonly appeals: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Erases what is too old, in the record and beside it, and what arrived late of forgotten subjects. Hits go first: no text
 * outlives its hit.
 */
export async function eraseExpired(database: Database, rules: RetentionRules, nowMs: number): Promise<Erased> {
  const expiries = expiriesAt(rules.retention, nowMs);
  const late = await new LateEraser(database).eraseRecent(nowMs);
  const expired = expiries.length === 0 ? 0 : await new HitEraser(database).expire(expiries, nowMs);
  const texts = await new EvidenceEraser(database).expire(evidenceExpiriesAt(rules, nowMs), nowMs);
  const appeals = await new AppealRepository(database).expire(nowMs - rules.retention.appeals * DAY_MS, nowMs);
  return { hits: late + expired, texts, appeals };
}

/** Erases everything that is known of a subject, whose id `subjectId` makes: hits, texts, appeals, strikes and steps. */
export async function forgetSubject(
  database: Database,
  subject: string,
  nowMs: number,
): Promise<Erased & { readonly steps: number }> {
  // Before all else, so that nothing falls between the erasure and the note.
  await new LateEraser(database).note(subject, nowMs);
  // The texts first: should this break off, the least is left readable. The hits last: they lead to the appeals.
  const texts = await new EvidenceEraser(database).eraseSubject(subject, nowMs);
  const appeals = await new AppealRepository(database).forget(subject);
  const steps = await new EnforcementRepository(database).forget(subject);
  const hits = await new HitEraser(database).eraseSubject(subject, nowMs);
  if (appeals + steps > 0) await database.reclaim();
  return { hits, texts, appeals, steps };
}

function evidenceExpiriesAt({ evidence }: RetentionRules, nowMs: number): EvidenceExpiry[] {
  return CATEGORIES.flatMap((category) => {
    const days = evidence.categories[category];
    return days === undefined ? [] : [{ category, beforeMs: nowMs - days * DAY_MS }];
  });
}
