import {
  type Database,
  HitLog,
  type HitLogOptions,
  HitRepository,
  newWriter,
  SpoolingSink,
} from '../../src/store/index.js';
import { quiet } from './quiet.js';

/** A hit log straight into a database, without a spool; `tuning` replaces any part. */
export function hitLog(database: Database, tuning: Partial<HitLogOptions> = {}): HitLog {
  const target = new HitRepository(database);
  return new HitLog({
    sink: new SpoolingSink({ database: target, spool: undefined, writeTimeoutMs: 10_000, logger: quiet }),
    writer: newWriter(),
    batchSize: 100,
    batchMs: 200,
    maxQueued: 10_000,
    durability: 'batch',
    commitTimeoutMs: 10_000,
    overflow: 'drop-oldest',
    clock: { now: () => 0 },
    logger: quiet,
    ...tuning,
  });
}
