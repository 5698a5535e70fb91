import { dirname, resolve } from 'node:path';
import pino from 'pino';
import { loadClassifier } from './classifier/index.js';
import type { Config } from './config/index.js';
import type { Logger, Store } from './core/index.js';
import { createMetrics, createScreen, type Screen } from './http/index.js';
import { loadLexicon } from './lexicon/index.js';
import { Moderator } from './moderator/index.js';
import { resolvePolicies } from './policy/index.js';
import { openSqliteStore } from './store/index.js';

/** Everything wired together from one config. */
export interface Composed {
  readonly screen: Screen;
  readonly moderator: Moderator;
  readonly store: Store | undefined;
  readonly logger: Logger;
  /** Writes what is queued and releases the database. */
  close(): Promise<void>;
}

/** How to wire: `file` is the config file that relative paths start from, `record: false` leaves the store closed. */
export interface ComposeOptions {
  readonly file?: string | undefined;
  readonly record?: boolean;
}

/**
 * Builds every part that a config names.
 * @throws {SluiceError} when the lists, the model, the policies or the store cannot be used.
 */
export async function compose(config: Config, { file, record = true }: ComposeOptions = {}): Promise<Composed> {
  const logger = pino({ level: config.log.level }, pino.destination(2));
  const clock = { now: () => Date.now() };
  const baseDir = file === undefined ? process.cwd() : dirname(resolve(file));
  const policies = resolvePolicies(config);
  const lexicon = loadLexicon({ lists: config.lists, baseDir });
  const { enabled, ...model } = config.classifier;
  const classifier = enabled ? await loadClassifier(model) : undefined;
  const moderator = new Moderator({ lexicon, classifier, cacheMaxBytes: config.cache.maxBytes });
  const path = config.store.replace(/^sqlite:/, '');
  const store =
    record && config.store !== 'none' ? openSqliteStore({ ...config.hitLog, path, clock, logger }) : undefined;
  const screen = createScreen({ config, moderator, policies, store, clock, metrics: createMetrics() });
  return {
    screen,
    moderator,
    store,
    logger,
    close: async () => {
      await store?.close();
      classifier?.dispose();
    },
  };
}
