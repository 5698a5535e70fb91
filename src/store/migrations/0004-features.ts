import type { Queryable } from '../database.js';

/**
 * Version 4: the feature database. `changed` is the number of the change that last touched a row; `feature_changes` counts
 * them in its one row, which every writer locks, so that changes become visible in their order. A revoked feature stays
 * without its signature, so that no import brings it back.
 */
export async function createFeatures(tx: Queryable): Promise<void> {
  const { integerType, bytesType, tableSuffix } = tx.dialect;
  await tx.run(`
    CREATE TABLE features (
      id         TEXT NOT NULL PRIMARY KEY,
      changed    ${integerType} NOT NULL,
      key_id     TEXT NOT NULL,
      signature  ${bytesType},
      category   TEXT NOT NULL,
      severity   ${integerType} NOT NULL,
      origin     TEXT NOT NULL,
      added_ms   ${integerType} NOT NULL,
      expires_ms ${integerType},
      revoked_ms ${integerType},
      reason     TEXT,
      CHECK ((signature IS NULL) = (revoked_ms IS NOT NULL))
    ) ${tableSuffix}`);
  await tx.run('CREATE INDEX features_by_change ON features (changed, id)');
  await tx.run(`CREATE TABLE feature_changes (last_change ${integerType} NOT NULL) ${tableSuffix}`);
  await tx.run('INSERT INTO feature_changes (last_change) VALUES (0)');
}
