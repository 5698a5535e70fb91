import type { Queryable } from '../database.js';

/** How many hits of the same category in the same text have no row of their own; null for none. */
export async function addUnlistedHits(tx: Queryable): Promise<void> {
  await tx.run(`ALTER TABLE hits ADD COLUMN unlisted ${tx.dialect.integerType}`);
}
