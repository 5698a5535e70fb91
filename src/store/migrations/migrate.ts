import { StoreError } from '../../core/index.js';
import type { Database, Queryable } from '../database.js';
import { createHits } from './0001-hits.js';
import { chainHits } from './0002-hit-chain.js';
import { createEnforcement } from './0003-enforcement.js';
import { createFeatures } from './0004-features.js';
import { createEvidence } from './0005-evidence.js';
import { addUnlistedHits } from './0006-unlisted-hits.js';
import { createAppeals } from './0007-appeals.js';
import { createForgottenSubjects } from './0008-forgotten-subjects.js';

/** One step from a schema version to the next. Runs within the transaction of all steps. */
export type Migration = (tx: Queryable) => Promise<void>;

/** Position n holds the step from schema version n to n + 1. Append only: released steps never change. */
const MIGRATIONS: readonly Migration[] = [
  createHits,
  chainHits,
  createEnforcement,
  createFeatures,
  createEvidence,
  addUnlistedHits,
  createAppeals,
  createForgottenSubjects,
];

/**
 * Brings the schema to the newest version in one transaction, under a lock that keeps other processes out.
 * @throws {StoreError} for the database of another program or a newer release.
 */
export async function migrate(database: Pick<Database, 'transaction'>): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.dialect.lockSchema(tx);
    const version = await tx.dialect.readSchemaVersion(tx);
    if (version > MIGRATIONS.length) {
      throw new StoreError(
        `it has schema version ${version}, but this release knows only up to ${MIGRATIONS.length}; use a newer release`,
      );
    }
    if (version === MIGRATIONS.length) return;
    for (const step of MIGRATIONS.slice(version)) await step(tx);
    await tx.dialect.writeSchemaVersion(tx, MIGRATIONS.length);
  });
}
