import type { HitsStreams } from './hits-list.js';
import type { DatabaseOptions } from './with-database.js';
import { withFeatures } from './with-features.js';

/** What the command line gives to `features revoke`. */
export interface FeaturesRevokeOptions extends DatabaseOptions {
  readonly reason?: string;
}

/**
 * Revokes features; returns the exit code: 0, or 1 when one of the ids is none that holds.
 * @throws {SluiceError} when the config or the database cannot be used.
 */
export async function featuresRevoke(
  ids: readonly string[],
  options: FeaturesRevokeOptions,
  { stdout }: HitsStreams,
): Promise<0 | 1> {
  const wanted = [...new Set(ids)];
  const revoked = await withFeatures(options, ({ repository }) =>
    repository.revoke(wanted, { timeMs: Date.now(), reason: options.reason ?? null }),
  );
  for (const id of wanted) stdout.write(`${id} ${revoked.includes(id) ? 'revoked' : 'is no feature that holds'}\n`);
  return revoked.length === wanted.length ? 0 : 1;
}
