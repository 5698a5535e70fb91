import type { Queryable } from '../database.js';

/**
 * The strikes of subjects, when each subject was last restored, and every step that was taken: `until_ms` is null for a step
 * without an end, `paths` JSON of the globs that a restriction closes.
 */
export async function createEnforcement(tx: Queryable): Promise<void> {
  const { idType, integerType, realType, tableSuffix } = tx.dialect;
  await tx.run(`
    CREATE TABLE enforcement_subjects (
      subject     TEXT NOT NULL PRIMARY KEY,
      restored_ms ${integerType} NOT NULL
    ) ${tableSuffix}`);
  await tx.run(`
    CREATE TABLE strikes (
      subject    TEXT NOT NULL,
      request_id TEXT NOT NULL,
      time_ms    ${integerType} NOT NULL,
      weight     ${realType} NOT NULL,
      category   TEXT NOT NULL,
      PRIMARY KEY (subject, request_id)
    ) ${tableSuffix}`);
  await tx.run('CREATE INDEX strikes_by_time ON strikes (time_ms)');
  await tx.run(`
    CREATE TABLE enforcement_steps (
      id         ${idType},
      subject    TEXT NOT NULL,
      time_ms    ${integerType} NOT NULL,
      step       TEXT NOT NULL,
      until_ms   ${integerType},
      paths      TEXT NOT NULL,
      strikes    ${realType} NOT NULL,
      request_id TEXT,
      reason     TEXT
    ) ${tableSuffix}`);
  await tx.run('CREATE INDEX enforcement_steps_by_subject ON enforcement_steps (subject, id)');
}
