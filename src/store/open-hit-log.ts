import type { Clock, Logger } from '../core/index.js';
import type { Database } from './database.js';
import type { EvidenceKeys } from './evidence/index.js';
import { newWriter } from './hit-chain.js';
import { HitLog, type HitLogTuning } from './hit-log.js';
import { HitRepository } from './hit-repository.js';
import { SpoolFolder } from './spool-folder.js';
import { SpoolingSink } from './spooling-sink.js';
import { parseStoreUrl } from './store-url.js';

/** What a hit log is opened with. */
export interface OpenHitLogOptions {
  readonly database: Database;
  /** The setting that the database was opened with. */
  readonly store: string;
  readonly tuning: HitLogTuning & SpoolTuning;
  /** Makes the chain one that nobody without it can forge. */
  readonly chainKey?: Uint8Array | undefined;
  /** Encrypts the texts that entries bring; without them no text is kept. */
  readonly evidenceKeys?: EvidenceKeys | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How hits are kept while the database is down. */
export interface SpoolTuning {
  /** A write that takes longer goes to the spool, in milliseconds. */
  readonly writeTimeoutMs: number;
  readonly spool: {
    /** Beside a SQLite file, or in the working directory, when left out. */
    readonly folder?: string | undefined;
    /** Largest size; 0 for no spool. */
    readonly maxBytes: number;
  };
}

/**
 * Opens the record over a database. What an earlier process left in the spool follows into the database on the side.
 * @throws {StoreError} when the spool cannot be used.
 */
export async function openHitLog(options: OpenHitLogOptions): Promise<HitLog> {
  const { database, store, tuning, chainKey, evidenceKeys, clock, logger } = options;
  const { writeTimeoutMs, spool } = tuning;
  const writer = newWriter();
  const folder = spool.maxBytes === 0 ? undefined : (spool.folder ?? defaultFolder(store));
  const sink = new SpoolingSink({
    database: new HitRepository(database),
    spool: folder === undefined ? undefined : new SpoolFolder({ folder, maxBytes: spool.maxBytes }, writer),
    writeTimeoutMs,
    logger,
  });
  await sink.recover();
  return new HitLog({ ...tuning, sink, writer, chainKey, evidenceKeys, clock, logger });
}

function defaultFolder(store: string): string | undefined {
  const url = parseStoreUrl(store);
  if (url?.kind === 'postgres') return 'sluice-spool';
  return url === undefined || url.path === ':memory:' ? undefined : `${url.path}-spool`;
}
