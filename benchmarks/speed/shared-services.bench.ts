import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { PostgresServer } from '../../scripts/chaos/postgres-server.js';
import { RedisServer } from '../../scripts/chaos/redis-server.js';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtLimits, builtRedisLimits } from '../support/built.js';
import { expectEqual } from '../support/measure.js';
import { treeCpuMs } from '../support/process-tree.js';
import { hitEntries } from '../support/record/hit-rows.js';
import { type OpenLog, openLog } from '../support/record/open-log.js';

const ROWS = 20_000;
const WRITERS = [1, 2, 4];
const SMALL_ROWS = 10;
const LARGE_ROWS = 100;
const CLIENTS = 1_000;
const REQUESTS = 20_000;
/** Requests under way at a time, as of a proxy with so many connections. */
const CONNECTIONS = 64;
const MICROSECONDS = 1_000;

/** What hits and limited requests cost the servers that all replicas share: the inputs of SCALE.md. */
export const benchmark: Benchmark = {
  about:
    'What replicas take of what they share, servers of its own: processor time of PostgreSQL for a hit and for a transaction, hits a second of several writers, log and disk for a hit; commands and processor time of Redis for a request of a limited client. Linux only.',
  run: measureShared,
};

async function measureShared(): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  // PostgreSQL does not run as root, and its user has to get there.
  chmodSync(folder, 0o711);
  const postgres = await PostgresServer.create(folder);
  const redis = await RedisServer.create(folder);
  try {
    await postgres.start();
    await redis.start();
    return [...(await measurePostgres(postgres)), ...(await measureSqlite(folder)), ...(await measureRedis(redis))];
  } finally {
    await postgres.kill();
    await redis.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measurePostgres(server: PostgresServer): Promise<Measurement[]> {
  const name = 'hits in PostgreSQL';
  const small = await write(server, { writers: 1, batchRows: SMALL_ROWS, rows: ROWS / 4 });
  const results: Measurement[] = [];
  for (const writers of WRITERS) {
    const large = await write(server, { writers, batchRows: LARGE_ROWS, rows: ROWS });
    results.push({
      case: name,
      metric: `hits a second, ${writers} writers`,
      value: large.perSecond,
      unit: 'rows/s',
      ratios: {},
    });
    if (writers > 1) continue;
    // Two equations: a batch costs so much, and so much more for each row.
    const perBatch = [small.cpuUs * SMALL_ROWS, large.cpuUs * LARGE_ROWS] as const;
    const perRow = (perBatch[1] - perBatch[0]) / (LARGE_ROWS - SMALL_ROWS);
    const unit = 'µs';
    results.push(
      { case: name, metric: 'processor time for a row', value: perRow, unit, ratios: {} },
      {
        case: name,
        metric: 'processor time for a transaction',
        value: perBatch[0] - SMALL_ROWS * perRow,
        unit,
        ratios: {},
      },
      { case: name, metric: 'log', value: large.logBytes, unit: 'bytes a row', ratios: {} },
    );
  }
  const [size] = await server.query<{ bytes: string; rows: string }>(
    `SELECT pg_total_relation_size('hits') AS bytes, (SELECT count(*) FROM hits) AS rows`,
  );
  const written = ROWS / 4 + WRITERS.length * ROWS;
  expectEqual('rows in PostgreSQL', Number(size?.rows), written);
  results.push({ case: name, metric: 'disk', value: Number(size?.bytes) / written, unit: 'bytes a row', ratios: {} });
  return results;
}

interface Written {
  readonly perSecond: number;
  /** Processor time of the server for a row, microseconds. */
  readonly cpuUs: number;
  readonly logBytes: number;
}

async function write(
  server: PostgresServer,
  { writers, batchRows, rows }: { writers: number; batchRows: number; rows: number },
): Promise<Written> {
  const logs: OpenLog[] = [];
  for (let writer = 0; writer < writers; writer += 1) logs.push(await openLog({ store: server.url, batchRows }));
  for (const { log } of logs) for (const entry of hitEntries(rows / writers)) log.record(entry);
  const lsn = async (): Promise<number> => {
    const [row] = await server.query<{ at: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS at`);
    return Number(row?.at);
  };
  const logBefore = await lsn();
  const cpuBefore = treeCpuMs(server.pid);
  const start = performance.now();
  await Promise.all(logs.map(({ log }) => log.flush()));
  const seconds = (performance.now() - start) / 1_000;
  // Before the connections are closed: what has ended is no longer counted.
  const cpuMs = treeCpuMs(server.pid) - cpuBefore;
  const logBytes = (await lsn()) - logBefore;
  for (const log of logs) await log.close();
  return { perSecond: rows / seconds, cpuUs: (cpuMs * MICROSECONDS) / rows, logBytes: logBytes / rows };
}

async function measureSqlite(folder: string): Promise<Measurement[]> {
  const file = join(folder, 'size.db');
  const opened = await openLog({ store: `sqlite:${file}`, batchRows: LARGE_ROWS });
  for (const entry of hitEntries(ROWS)) opened.log.record(entry);
  await opened.log.flush();
  await opened.check(ROWS);
  await opened.close();
  const bytes = statSync(file).size / ROWS;
  return [{ case: 'hits in SQLite', metric: 'disk', value: bytes, unit: 'bytes a row', ratios: {} }];
}

async function measureRedis(server: RedisServer): Promise<Measurement[]> {
  const { OWN_LIMITS } = builtLimits();
  const { RedisLimits } = builtRedisLimits();
  let unshared = 0;
  const limits = new RedisLimits({
    address: { url: server.url, password: undefined, prefix: 'bench:' },
    own: OWN_LIMITS,
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    onUnshared: () => {
      unshared += 1;
    },
  });
  const limiter = limits.clientLimiter({ maxRequests: 1_000_000, perSeconds: 600 });
  const watcher = new Redis(server.url);
  const commands = async (): Promise<number> =>
    Number(/total_commands_processed:(\d+)/.exec(await watcher.info('stats'))?.[1]);
  const run = async (requests: number): Promise<void> => {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < requests) {
        next += 1;
        await limiter.admit(`client-${next % CLIENTS}`);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  };
  await run(CLIENTS);
  const [commandsBefore, cpuBefore, unsharedBefore] = [await commands(), treeCpuMs(server.pid), unshared];
  await run(REQUESTS);
  const cpuUs = ((treeCpuMs(server.pid) - cpuBefore) * MICROSECONDS) / REQUESTS;
  // The look at the counter is a command too.
  const perRequest = ((await commands()) - commandsBefore - 1) / REQUESTS;
  expectEqual('requests counted without Redis', unshared, unsharedBefore);
  watcher.disconnect();
  limits.close();
  const name = 'limits in Redis';
  return [
    { case: name, metric: 'commands for a request', value: perRequest, unit: '', ratios: {} },
    { case: name, metric: 'processor time for a request', value: cpuUs, unit: 'µs', ratios: {} },
  ];
}
