import { join } from 'node:path';

/** A module of the package as it is built, so that speed is that of what users run. */
function built<T>(path: string): T {
  return require(join(__dirname, '../../dist', path)) as T;
}

/** The built lexicon. */
export const builtLexicon = (): typeof import('../../src/lexicon/index.js') => built('lexicon/index.js');

/** The built package entry. */
export const builtPackage = (): typeof import('../../src/index.js') => built('index.js');

/** The built composition root. */
export const builtCompose = (): typeof import('../../src/compose.js') => built('compose.js');

/** The built HTTP layer. */
export const builtHttp = (): typeof import('../../src/http/index.js') => built('http/index.js');

/** The built config. */
export const builtConfig = (): typeof import('../../src/config/index.js') => built('config/index.js');

/** The built classifier. */
export const builtClassifier = (): typeof import('../../src/classifier/index.js') => built('classifier/index.js');

/** The built moderator. */
export const builtModerator = (): typeof import('../../src/moderator/index.js') => built('moderator/index.js');

/** The built folding. */
export const builtText = (): typeof import('../../src/text/index.js') => built('text/index.js');

/** The built features. */
export const builtFeatures = (): typeof import('../../src/features/index.js') => built('features/index.js');

/** The built limits. */
export const builtLimits = (): typeof import('../../src/limits/index.js') => built('limits/index.js');

/** The built store. */
export const builtStore = (): typeof import('../../src/store/index.js') => built('store/index.js');

/** The built limits over Redis, which the package loads only where they are wanted. */
export const builtRedisLimits = (): typeof import('../../src/limits/redis-limits.js') =>
  built('limits/redis-limits.js');
