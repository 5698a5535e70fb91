import type { Queryable } from '../database.js';

/**
 * Version 8: what tells a subject that was forgotten when it comes again, and when that was: what of it arrives late, such as
 * from a spool, is erased as well. The mark is a hash of the id in the record, which must not stay anywhere itself.
 */
export async function createForgottenSubjects(tx: Queryable): Promise<void> {
  const { integerType, tableSuffix } = tx.dialect;
  await tx.run(`
    CREATE TABLE forgotten_subjects (
      mark         TEXT NOT NULL PRIMARY KEY,
      forgotten_ms ${integerType} NOT NULL
    ) ${tableSuffix}`);
}
