import { CATEGORIES, type Category } from '../core/index.js';
import type { Database } from './database.js';
import { EnforcementRepository } from './enforcement-repository.js';
import { EvidenceEraser, type EvidenceExpiry } from './evidence/index.js';
import { expiriesAt, type Retention } from './expiries.js';
import { HitEraser } from './hit-eraser.js';

/** How long things are kept. */
export interface RetentionRules {
  readonly retention: Retention;
  /** Days that kept texts stay readable, by category. */
  readonly evidence: { readonly categories: Readonly<Partial<Record<Category, number | undefined>>> };
}

/** How many of each were erased. */
export interface Erased {
  readonly hits: number;
  /** Kept texts. */
  readonly texts: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Whether anything is ever erased for its age. */
export function erasesAnything(rules: RetentionRules): boolean {
  return expiriesAt(rules.retention, 0).length > 0 || evidenceExpiriesAt(rules, 0).length > 0;
}

/** Erases what is too old, in the record and beside it. Hits go first: no text outlives its hit. */
export async function eraseExpired(database: Database, rules: RetentionRules, nowMs: number): Promise<Erased> {
  const hits = await new HitEraser(database).expire(expiriesAt(rules.retention, nowMs), nowMs);
  const texts = await new EvidenceEraser(database).expire(evidenceExpiriesAt(rules, nowMs), nowMs);
  return { hits, texts };
}

/** Erases everything that is known of a subject, whose id `subjectId` makes: hits, texts, strikes and steps. */
export async function forgetSubject(
  database: Database,
  subject: string,
  nowMs: number,
): Promise<Erased & { readonly steps: number }> {
  // The texts first: should this break off, the least is left readable.
  const texts = await new EvidenceEraser(database).eraseSubject(subject, nowMs);
  const steps = await new EnforcementRepository(database).forget(subject);
  const hits = await new HitEraser(database).eraseSubject(subject, nowMs);
  if (steps > 0) await database.reclaim();
  return { hits, texts, steps };
}

function evidenceExpiriesAt({ evidence }: RetentionRules, nowMs: number): EvidenceExpiry[] {
  return CATEGORIES.flatMap((category) => {
    const days = evidence.categories[category];
    return days === undefined ? [] : [{ category, beforeMs: nowMs - days * DAY_MS }];
  });
}
