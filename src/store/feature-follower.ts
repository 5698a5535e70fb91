import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AlarmClock, type Logger, StoreError } from '../core/index.js';
import { capacityFor, type FeatureDatabase, FeatureIndex } from '../features/index.js';
import type { Database } from './database.js';
import { FEATURE_CHANNEL, FeatureRepository, FIRST_CHANGE, type StoredFeature } from './feature-repository.js';
import { StoreFollower } from './store-follower.js';

/** What a follower works with. */
export interface FeatureFollowerOptions {
  readonly database: Database;
  /** What it fills. */
  readonly features: FeatureDatabase;
  readonly clock: AlarmClock;
  readonly logger: Logger;
}

/** Keeps the features in memory in step with the store, whoever changes them, within two seconds. */
export class FeatureFollower {
  readonly #options: FeatureFollowerOptions;
  readonly #repository: FeatureRepository;
  readonly #follower: StoreFollower;
  #cursor = FIRST_CHANGE;
  #foreign = 0;

  constructor(options: FeatureFollowerOptions) {
    this.#options = options;
    this.#repository = new FeatureRepository(options.database);
    const { database, clock, logger } = options;
    this.#follower = new StoreFollower({
      database,
      clock,
      channel: FEATURE_CHANNEL,
      read: () => this.#read(),
      onFailure: (error, first) => {
        if (!(error instanceof StoreError)) throw error;
        // Told once, not every second; what is known goes on to hold.
        if (first) logger.error({ error: error.message }, 'features not read; those known so far hold');
      },
      onRecovery: () => logger.info({}, 'features are read again'),
    });
  }

  /** Features of the store that cannot be used: made with another key, or by a newer release. */
  get foreign(): number {
    return this.#foreign;
  }

  /** False while the store cannot be read; what was known then still holds. */
  get healthy(): boolean {
    return this.#follower.healthy;
  }

  /** Reads all features, and follows them from then on; those of a database that is down once it is back. Idempotent. */
  start(): Promise<void> {
    return this.#follower.start();
  }

  /** Reads what has changed since the last time. Rejects with `StoreError` when that cannot be had now. */
  refresh(): Promise<void> {
    return this.#follower.refresh();
  }

  /** Stops to follow. Idempotent. */
  close(): Promise<void> {
    return this.#follower.close();
  }

  async #read(): Promise<void> {
    const { features } = this.#options;
    for (let page = await this.#repository.changesSince(this.#cursor); page.length > 0 && !this.#follower.stopped; ) {
      const room = features.capacity - features.used;
      if (page.length > room) await this.#rebuild();
      else {
        for (const feature of page) this.#apply(feature, features);
        this.#reach(page.at(-1));
      }
      // SQLite answers without a turn of the event loop, and a million features are half a minute of work.
      await nextTurn();
      page = await this.#repository.changesSince(this.#cursor);
    }
    features.expire(this.#options.clock.now());
  }

  /** Reads everything into a larger index, and only then lets go of the other. */
  async #rebuild(): Promise<void> {
    const { features, clock, logger } = this.#options;
    const count = await this.#repository.count(clock.now());
    const index = new FeatureIndex(capacityFor(count));
    this.#foreign = 0;
    let cursor = FIRST_CHANGE;
    for (let page = await this.#repository.changesSince(cursor); page.length > 0 && !this.#follower.stopped; ) {
      for (const feature of page) {
        // More have come since they were counted: what is read so far is used, and the rest makes it grow again.
        if (index.isFull) break;
        this.#apply(feature, { key: features.key, add: (each) => index.add(each), remove: (id) => index.remove(id) });
        cursor = feature;
      }
      if (index.isFull) break;
      await nextTurn();
      page = await this.#repository.changesSince(cursor);
    }
    features.use(index);
    this.#cursor = cursor;
    features.reach(cursor.changed);
    if (this.#foreign > 0) {
      const message =
        'features of another key or a newer release are not used; import needs the key they were made with';
      logger.warn({ features: this.#foreign }, message);
    }
  }

  #apply(
    { id, keyId, signature, category, severity, expiresMs }: StoredFeature,
    into: Pick<FeatureDatabase, 'key' | 'add' | 'remove'>,
  ): void {
    const holds = signature !== null && (expiresMs === null || expiresMs > this.#options.clock.now());
    if (!holds) into.remove(id);
    else if (keyId !== into.key.id || !into.add({ signature, category, severity, expiresMs })) this.#foreign += 1;
  }

  #reach(last: StoredFeature | undefined): void {
    if (last === undefined) return;
    this.#cursor = last;
    this.#options.features.reach(last.changed);
  }
}
