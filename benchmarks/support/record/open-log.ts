import type { Database, HitLog } from '../../../src/store/index.js';
import { builtStore } from '../built.js';
import { expectEqual } from '../measure.js';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A hit log over a database of its own that writes when it is flushed. */
export interface OpenLog {
  readonly log: HitLog;
  /** Fails unless every entry is in one whole chain. */
  check(entries: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens the log over a store and makes its tables. */
export async function openLog({ store, batchRows }: { store: string; batchRows: number }): Promise<OpenLog> {
  const { openDatabase, openHitLog } = builtStore();
  const database = await openDatabase({ store, logger: quiet });
  if (database === undefined) throw new Error(`no database: ${store}`);
  const log = await openHitLog({
    database,
    store,
    tuning: {
      batchSize: batchRows,
      // Longer than any turn: nothing is written but by `flush`.
      batchMs: 3_600_000,
      maxQueued: 1_000_000,
      durability: 'batch',
      commitTimeoutMs: 5_000,
      overflow: 'drop-oldest',
      writeTimeoutMs: 60_000,
      spool: { maxBytes: 1024 },
    },
    clock: { now: () => Date.now() },
    logger: quiet,
  });
  return {
    log,
    check: (entries) => check(database, entries),
    async close() {
      await log.close();
      await database.close();
    },
  };
}

async function check(database: Database, entries: number): Promise<void> {
  const { verifyHits } = builtStore();
  for await (const { rows, problems } of verifyHits(database)) {
    expectEqual('rows of the record', rows, entries);
    expectEqual('problems of the chain', problems.length, 0);
  }
}
