import type { Category, FeatureOrigin } from '../core/index.js';
import type { StoredFeature } from '../store/index.js';
import { formatTable } from './format-table.js';
import type { HitsStreams } from './hits-list.js';
import type { DatabaseOptions } from './with-database.js';
import { withFeatures } from './with-features.js';

/** What the command line gives to `features list`. */
export interface FeaturesListOptions extends DatabaseOptions {
  readonly category?: Category;
  readonly origin?: FeatureOrigin;
  readonly all?: boolean;
  readonly json?: boolean;
}

/**
 * Writes the features that hold, or all, without their fingerprints.
 * @throws {SluiceError} when the config or the database cannot be used.
 */
export async function featuresList(options: FeaturesListOptions, { stdout }: HitsStreams): Promise<void> {
  await withFeatures(options, async ({ repository }) => {
    const nowMs = Date.now();
    const { category, origin, all = false, json = false } = options;
    const filter = { ...(category && { category }), ...(origin && { origin }), ...(all ? {} : { holdingAtMs: nowMs }) };
    const rows: string[][] = [['feature', 'category', 'severity', 'origin', 'added', 'state', 'key', 'reason']];
    for await (const feature of repository.list(filter)) {
      const state = stateOf(feature, nowMs);
      const { id, severity, origin: from, addedMs, expiresMs, keyId, reason } = feature;
      const added = new Date(addedMs).toISOString();
      if (json) {
        const expires = expiresMs === null ? null : new Date(expiresMs).toISOString();
        const shown = {
          id,
          category: feature.category,
          severity,
          origin: from,
          added,
          expires,
          state,
          key: keyId,
          reason,
        };
        stdout.write(`${JSON.stringify(shown)}\n`);
      } else rows.push([id, feature.category, String(severity), from, added, state, keyId, reason ?? '-']);
    }
    if (!json) for (const line of formatTable(rows)) stdout.write(`${line}\n`);
  });
}

function stateOf({ revokedMs, expiresMs }: StoredFeature, nowMs: number): string {
  if (revokedMs !== null) return 'revoked';
  if (expiresMs === null) return 'holds';
  return expiresMs <= nowMs ? 'expired' : `until ${new Date(expiresMs).toISOString().slice(0, 10)}`;
}
