import { ACTIONS, type Category, type Hit } from '../core/index.js';

/** A hit that has a row of its own. */
export interface ListedHit extends Hit {
  /** How many hits of the same category in the same text have none. */
  readonly unlisted?: number;
}

/**
 * Hits of one category in one text that are recorded one by one. A body of one megabyte may hold some 200,000, and would otherwise
 * be 80 megabytes of record.
 */
const MAX_LISTED = 50;

const STRONGEST_FIRST = ACTIONS.toReversed();

/** The hits of a text that are recorded one by one, in their order: of each category the strongest ones. Never throws. O(hits). */
export function listHits(hits: readonly Hit[]): readonly ListedHit[] {
  if (hits.length <= MAX_LISTED) return hits;
  const groups = new Map<Category, number[]>();
  for (const [index, { category }] of hits.entries()) {
    const group = groups.get(category);
    if (group === undefined) groups.set(category, [index]);
    else group.push(index);
  }
  /** How many more of its category the hit at an index stands for. */
  const listed = new Map<number, number>();
  for (const group of groups.values()) {
    const strongest = STRONGEST_FIRST.flatMap((action) => group.filter((index) => hits[index]?.action === action));
    const kept = strongest.slice(0, MAX_LISTED);
    for (const index of kept) listed.set(index, 0);
    listed.set(Math.max(...kept), group.length - kept.length);
  }
  return hits.flatMap((hit, index) => {
    const unlisted = listed.get(index);
    if (unlisted === undefined) return [];
    return unlisted === 0 ? [hit] : [{ ...hit, unlisted }];
  });
}
