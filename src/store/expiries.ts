import { CATEGORIES, type Category } from '../core/index.js';
import type { Expiry } from './hit-eraser.js';

/** How many days content is kept; for ever where nothing is said. */
export interface Retention {
  readonly days?: number | undefined;
  readonly categories: Readonly<Partial<Record<Category, number | undefined>>>;
  /** For rows about texts in which nothing was found. */
  readonly uncategorized?: number | undefined;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Returns what is too old at a moment. Never throws. */
export function expiriesAt({ days, categories, uncategorized }: Retention, nowMs: number): Expiry[] {
  const kept = new Map<Category | null, number | undefined>(
    CATEGORIES.map((category) => [category, categories[category] ?? days]),
  );
  kept.set(null, uncategorized ?? days);
  return [...kept].flatMap(([category, keptDays]) =>
    keptDays === undefined ? [] : [{ category, beforeMs: nowMs - keptDays * DAY_MS }],
  );
}
