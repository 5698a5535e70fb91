import { resolve } from 'node:path';
import { loadBatchModel } from './classifier/index.js';
import type { Config } from './config/index.js';
import { ConfigError, type ExtraDetector, type Logger } from './core/index.js';
import { type Metrics, ModelDetector, RemoteModerations } from './http/index.js';

/** What the detectors of a config are made of. */
export interface ComposeDetectorsOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Config file, for messages. */
  readonly file: string | undefined;
  /** Folder that paths of the config are relative to. */
  readonly baseDir: string;
}

/**
 * The detectors that a config adds to the lists and the classifier, in its order; models are loaded and warm.
 * @throws {ConfigError} when a key that the config names is not in the environment.
 * @throws {ModelLoadError} when a model cannot be used.
 */
export async function composeDetectors(
  { detectors }: Config,
  { logger, metrics, file, baseDir }: ComposeDetectorsOptions,
): Promise<readonly ExtraDetector[]> {
  const keys = readKeys(detectors, file);
  const composed: ExtraDetector[] = [];
  try {
    for (const [index, config] of detectors.entries()) {
      if (config.kind === 'openai-moderations') {
        composed.push(new RemoteModerations({ config, key: keys[index], logger, metrics }));
        continue;
      }
      const model = await loadBatchModel({ path: resolve(baseDir, config.path), backend: config.backend });
      const { backend, batches, version } = model;
      logger.info({ detector: `model:${config.name}`, backend, batches, version }, 'model loaded');
      composed.push(new ModelDetector({ config, model, logger, metrics }));
    }
  } catch (error) {
    await Promise.all(composed.map((detector) => detector.close()));
    throw error;
  }
  return composed;
}

/** The keys of the remote services, in the order of all detectors. */
function readKeys(detectors: Config['detectors'], file: string | undefined): (string | undefined)[] {
  const names = detectors.map((detector) => (detector.kind === 'openai-moderations' ? detector.keyEnv : undefined));
  const keys = names.map((name) => (name === undefined ? undefined : process.env[name]));
  const issues = names.flatMap((name, index) => {
    if (name === undefined || /^[\x21-\x7E]+$/.test(keys[index] ?? '')) return [];
    const message = `the environment variable ${name} must hold the key: printable ASCII characters without spaces`;
    return [{ path: `detectors[${index}].keyEnv`, message }];
  });
  if (issues.length > 0) throw new ConfigError(file ?? 'config', issues);
  return keys;
}
