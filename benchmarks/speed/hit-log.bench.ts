import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HitEntry } from '../../src/core/index.js';
import type { SqlValue } from '../../src/store/index.js';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { expectEqual } from '../support/measure.js';
import { type Contender, contender, preparedRace, type Turn } from '../support/prepared-race.js';
import { type BenchPostgres, benchPostgres } from '../support/record/bench-postgres.js';
import { hitEntries, rowMaker } from '../support/record/hit-rows.js';
import { type OpenLog, openLog } from '../support/record/open-log.js';
import { openRawPostgres } from '../support/record/raw-postgres.js';
import { openRawSqlite } from '../support/record/raw-sqlite.js';

/** Rows of a transaction, ours and theirs: the default of `hitLog.batchSize`. */
const BATCH_ROWS = 100;
/** Rows of a turn. */
const ROWS = 20 * BATCH_ROWS;
const TURNS = 15;
const WARM_UP = 2;
const MICROSECONDS = 1_000;

/** The record of hits: what an entry costs the request, and what it costs to make entries durable. */
export const benchmark: Benchmark = {
  about:
    'Hit log: queueing an entry on the path of the request (bound: a push onto an array), and writing entries, 100 rows a transaction, with chain and durable commit; beside drivers that write finished rows, chain and all, into the same table with the same indices, 100 a transaction. Arguments narrow the cases: `enqueue`, `sqlite`, `postgres`.',
  run: measureHitLog,
};

async function measureHitLog(args: readonly string[]): Promise<Measurement[]> {
  const wants = (name: string): boolean => args.length === 0 || args.includes(name);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const postgres = wants('postgres') ? await benchPostgres() : undefined;
  try {
    return [
      ...(wants('enqueue') ? await measureEnqueue(folder) : []),
      ...(wants('sqlite') ? await measureSqlite(folder) : []),
      ...(postgres === undefined ? [] : await measurePostgres(postgres)),
    ];
  } finally {
    await postgres?.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureEnqueue(folder: string): Promise<Measurement[]> {
  const ENTRIES = 1_000;
  const opened = await openLog({ store: `sqlite:${join(folder, 'enqueue.db')}`, batchRows: BATCH_ROWS });
  const { log } = opened;
  const entries = hitEntries(ENTRIES);
  const queue: HitEntry[] = [];
  const best = await preparedRace(
    {
      ours: contender(
        () => log.flush(),
        () => {
          for (const entry of entries) log.record(entry);
        },
      ),
      push: contender(
        () => {
          queue.length = 0;
        },
        () => {
          for (const entry of entries) queue.push(entry);
        },
      ),
    },
    { turns: 3 * TURNS, warmUp: WARM_UP },
  );
  await log.flush();
  expectEqual('entries written', log.stats().written, (3 * TURNS + WARM_UP) * ENTRIES);
  await opened.close();
  return [
    {
      case: 'enqueue',
      metric: 'time per entry',
      value: (best.ours.wallMs * MICROSECONDS) / ENTRIES,
      unit: 'µs',
      ratios: { 'array push': best.ours.wallMs / best.push.wallMs },
    },
  ];
}

async function measureSqlite(folder: string): Promise<Measurement[]> {
  const ours = join(folder, 'ours.db');
  const raw = join(folder, 'raw.db');
  // Makes the tables of the peer.
  await (await openLog({ store: `sqlite:${raw}`, batchRows: BATCH_ROWS })).close();
  const opened = await openLog({ store: `sqlite:${ours}`, batchRows: BATCH_ROWS });
  const peer = openRawSqlite(raw);
  const best = await preparedRace(
    {
      ours: flushOf(opened),
      'better-sqlite3': insertsOf((rows) => peer.insert(rows)),
    },
    { turns: TURNS, warmUp: WARM_UP },
  );
  peer.close();
  await opened.check(ROWS * (TURNS + WARM_UP));
  await opened.close();
  return report('flush, SQLite', best);
}

async function measurePostgres(postgres: BenchPostgres): Promise<Measurement[]> {
  const schemas = { ours: postgres.schema(), copy: postgres.schema(), insert: postgres.schema() };
  for (const schema of [schemas.copy, schemas.insert]) {
    await (await openLog({ store: postgres.store(schema), batchRows: BATCH_ROWS })).close();
  }
  const store = postgres.store(schemas.ours);
  const opened = await openLog({ store, batchRows: BATCH_ROWS });
  const copier = await openRawPostgres(postgres.server, schemas.copy);
  const inserter = await openRawPostgres(postgres.server, schemas.insert);
  const best = await preparedRace(
    {
      ours: flushOf(opened),
      COPY: insertsOf((rows) => copier.copy(rows)),
      'multi-row INSERT': insertsOf((rows) => inserter.insert(rows)),
    },
    { turns: TURNS, warmUp: WARM_UP },
  );
  await copier.close();
  await inserter.close();
  await opened.check(ROWS * (TURNS + WARM_UP));
  await opened.close();
  return report('flush, PostgreSQL', best);
}

/** Entries wait in the log; their flush seals and writes them. */
function flushOf({ log }: OpenLog): Contender<unknown> {
  return contender(
    () => {
      for (const entry of hitEntries(ROWS)) log.record(entry);
    },
    () => log.flush(),
  );
}

/** Rows are finished; the peer has nothing to do but to write them. */
function insertsOf(insert: (rows: readonly SqlValue[][]) => unknown): Contender<unknown> {
  const rowsOf = rowMaker();
  return contender(
    () => {
      const rows = rowsOf(hitEntries(ROWS));
      return Array.from({ length: ROWS / BATCH_ROWS }, (_, batch) =>
        rows.slice(batch * BATCH_ROWS, (batch + 1) * BATCH_ROWS),
      );
    },
    async (batches: readonly SqlValue[][][]) => {
      for (const batch of batches) await insert(batch);
    },
  );
}

/** Throughput by wall time, and what a row costs of this process; what the database server does is in the first alone. */
function report(name: string, { ours, ...peers }: Readonly<Record<string, Turn>>): Measurement[] {
  if (ours === undefined) throw new Error('nothing of ours was measured');
  const ratios = (ratio: (theirs: Turn) => number): Record<string, number> =>
    Object.fromEntries(
      Object.entries(peers).map(([peer, turn]) => [peer, turn === undefined ? Number.NaN : ratio(turn)]),
    );
  return [
    {
      case: name,
      metric: 'throughput',
      value: (ROWS * 1_000) / ours.wallMs,
      unit: 'rows/s',
      ratios: ratios(({ wallMs }) => wallMs / ours.wallMs),
    },
    {
      case: name,
      metric: 'processor time per row',
      value: (ours.cpuMs * MICROSECONDS) / ROWS,
      unit: 'µs',
      ratios: ratios(({ cpuMs }) => ours.cpuMs / cpuMs),
    },
  ];
}
