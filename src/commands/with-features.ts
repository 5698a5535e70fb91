import type { Config } from '../config/index.js';
import { FeatureError } from '../core/index.js';
import { FeatureKey } from '../features/index.js';
import { loadSecret } from '../load-secret.js';
import { type Database, FeatureRepository } from '../store/index.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What commands on features work with. */
export interface FeatureContext {
  readonly database: Database;
  readonly repository: FeatureRepository;
  readonly config: Config;
}

/**
 * Runs a command on the feature database of a config.
 * @throws {SluiceError} when the config is invalid or the database cannot be used.
 */
export function withFeatures<Result>(
  options: DatabaseOptions,
  work: (context: FeatureContext) => Promise<Result>,
): Promise<Result> {
  return withDatabase(options, (database, config) =>
    work({ database, config, repository: new FeatureRepository(database) }),
  );
}

/**
 * The key that features are made with.
 * @throws {FeatureError} when it is not in the environment.
 */
export function featureKey({ features: { keyEnv } }: Config): FeatureKey {
  const secret = loadSecret(keyEnv);
  if (secret !== undefined) return new FeatureKey(secret);
  throw new FeatureError(
    `Features are made with a key: set ${keyEnv} to a secret, such as the output of openssl rand -hex 32, here and where the proxy runs.`,
  );
}
