import { join } from 'node:path';

/** A module of the package as it is built, so that speed is that of what users run. */
function built<T>(path: string): T {
  return require(join(__dirname, '../../dist', path)) as T;
}

/** The built lexicon. */
export const builtLexicon = (): typeof import('../../src/lexicon/index.js') => built('lexicon/index.js');

/** The built package entry. */
export const builtPackage = (): typeof import('../../src/index.js') => built('index.js');
