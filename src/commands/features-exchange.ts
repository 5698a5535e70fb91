import { type Category, type Feature, FeatureError, type FeatureOrigin } from '../core/index.js';
import { readFeature, readHeader, writeFeature, writeHeader } from '../features/index.js';
import { openText } from '../load-text.js';
import type { FeatureRepository } from '../store/index.js';
import type { HitsStreams } from './hits-list.js';
import { type Line, readLines } from './read-lines.js';
import type { DatabaseOptions } from './with-database.js';
import { featureKey, withFeatures } from './with-features.js';

/** What the command line gives to `features import`. */
export interface FeaturesImportOptions extends DatabaseOptions {
  readonly days?: number;
  readonly restore?: boolean;
}

/** What the command line gives to `features export`. */
export interface FeaturesExportOptions extends DatabaseOptions {
  readonly category?: Category;
  readonly origin?: FeatureOrigin;
}

const DAY_MS = 86_400_000;
/** Features of one change of the database. */
const BATCH = 2_000;
/** Far longer than any feature. */
const MAX_LINE_BYTES = 4_096;

/**
 * Writes all features that hold, after a line that names format and key.
 * @throws {SluiceError} when there is no key, or the config or the database cannot be used.
 */
export async function featuresExport(options: FeaturesExportOptions, { stdout }: HitsStreams): Promise<void> {
  await withFeatures(options, async ({ config, repository }) => {
    const key = featureKey(config);
    const nowMs = Date.now();
    stdout.write(`${writeHeader({ key: key.id, exported: new Date(nowMs).toISOString() })}\n`);
    const { category, origin } = options;
    const filter = { ...(category && { category }), ...(origin && { origin }), holdingAtMs: nowMs };
    for await (const { signature, keyId, ...feature } of repository.list(filter)) {
      // Another key's would not be found by whoever has this one.
      if (signature === null || keyId !== key.id) continue;
      const line = `${writeFeature({ ...feature, signature })}\n`;
      if (!stdout.write(line)) await new Promise<void>((resolve) => void stdout.once('drain', resolve));
    }
  });
}

/**
 * Takes over an export, once all of it was read: nothing of a file with a bad line is taken over.
 * @throws {FeatureError} for a line that is none, and for features of another key.
 * @throws {SluiceError} when there is no key, or the config or the database cannot be used.
 * @throws {TypeError} when the file cannot be read.
 */
export async function featuresImport(
  file: string,
  { days, restore = false, ...options }: FeaturesImportOptions,
  { stdout }: HitsStreams,
): Promise<void> {
  await withFeatures(options, async ({ config, repository }) => {
    const key = featureKey(config);
    const nowMs = Date.now();
    const features: Feature[] = [];
    for await (const feature of featuresOf(file, key.id, config.features.keyEnv)) {
      const expiresMs = feature.expiresMs ?? (days === undefined ? null : nowMs + days * DAY_MS);
      if (expiresMs !== null && expiresMs <= nowMs) continue;
      features.push({ ...feature, keyId: key.id, origin: 'import', addedMs: nowMs, expiresMs, reason: null });
    }
    const added = await addAll(repository, features, restore);
    stdout.write(`${added} of ${features.length} added; the others are known already, or were revoked here\n`);
  });
}

async function addAll(repository: FeatureRepository, features: readonly Feature[], restore: boolean): Promise<number> {
  let added = 0;
  for (let from = 0; from < features.length; from += BATCH) {
    added += await repository.add(features.slice(from, from + BATCH), { restore });
  }
  return added;
}

async function* featuresOf(file: string, keyId: string, keyEnv: string) {
  const name = file === '-' ? 'standard input' : file;
  let isFirst = true;
  for await (const lines of readLines((await openText(file)).stream, MAX_LINE_BYTES)) {
    for (const line of lines) {
      if (isFirst) checkHeader(line, { name, keyId, keyEnv });
      else if (line.text !== '')
        yield must(line.text === undefined ? line.problem : readFeature(line.text), line, name);
      isFirst = false;
    }
  }
  if (isFirst) throw new FeatureError(`${name} is empty; it must be the output of sluice features export`);
}

function checkHeader(line: Line, { name, keyId, keyEnv }: { name: string; keyId: string; keyEnv: string }): void {
  const { key } = must(line.text === undefined ? line.problem : readHeader(line.text), line, name);
  if (key === keyId) return;
  throw new FeatureError(
    `${name} was made with key ${key}, but ${keyEnv} is key ${keyId}: features are found only with the key they were made with. Give both deployments the same ${keyEnv}; features made before with another one must be made anew.`,
  );
}

function must<Value extends object>(value: Value | string, { number }: Line, name: string): Value {
  if (typeof value !== 'string') return value;
  throw new FeatureError(`${name}:${number}: the line ${value}; nothing was imported`);
}
