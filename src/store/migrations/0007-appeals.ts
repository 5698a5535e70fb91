import type { Queryable } from '../database.js';

/**
 * Appeals: `hit` is the reference of the notice, whether or not it is recorded; `effects` JSON of what overturning one has changed.
 * Strikes are found by their request, to be taken back.
 */
export async function createAppeals(tx: Queryable): Promise<void> {
  const { integerType, tableSuffix } = tx.dialect;
  await tx.run(`
    CREATE TABLE appeals (
      id         TEXT NOT NULL PRIMARY KEY,
      hit        TEXT NOT NULL UNIQUE,
      time_ms    ${integerType} NOT NULL,
      subject    TEXT,
      message    TEXT,
      status     TEXT NOT NULL,
      decided_ms ${integerType},
      decided_by TEXT,
      reason     TEXT,
      effects    TEXT
    ) ${tableSuffix}`);
  await tx.run('CREATE INDEX appeals_by_status ON appeals (status, time_ms)');
  await tx.run('CREATE INDEX appeals_by_subject ON appeals (subject) WHERE subject IS NOT NULL');
  await tx.run('CREATE INDEX strikes_by_request ON strikes (request_id)');
}
