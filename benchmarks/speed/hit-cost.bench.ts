import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtStore } from '../support/built.js';
import { HIT_WORD } from '../support/http/exchange.js';
import { report } from '../support/http/report.js';
import { type RoundJob, runRounds, startRig } from '../support/http/rig.js';
import type { Subject } from '../support/http/subject.js';
import { startSluiceOver } from '../support/http/subjects.js';
import { expectEqual } from '../support/measure.js';
import { benchPostgres } from '../support/record/bench-postgres.js';

const ROUNDS = 5;
/** Processes of each kind: one is compiled otherwise than the next, and the best of them is compared. */
const INSTANCES = 3;
/** Two of a hundred requests hit. */
const HIT_EVERY = 50;
const REQUESTS = 1_500;
/** Far more than `hitLog.batchMs`. */
const WRITTEN_WITHIN_MS = 10_000;

/** What the record costs the proxy. */
export const benchmark: Benchmark = {
  about:
    'Proxy of which 2 of 100 requests hit: processor time of its process for a request, throughput and latency with the record in SQLite and in PostgreSQL, beside the same proxy with `store: none`.',
  run: measureHitCost,
};

async function measureHitCost(): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const postgres = await benchPostgres();
  const rig = await startRig({ tokens: 0, pace: 'burst' });
  const stores = new Map([['record in SQLite', `sqlite:${join(folder, 'cost.db')}`]]);
  if (postgres !== undefined) stores.set('record in PostgreSQL', postgres.store(postgres.schema()));
  const subjects: Subject[] = [];
  try {
    for (const [name, store] of [['no record', 'none'] as const, ...stores]) {
      for (let instance = 0; instance < INSTANCES; instance += 1) {
        subjects.push(await startSluiceOver(store, { name, upstream: rig.upstream }));
      }
    }
    const job: RoundJob = {
      requests: REQUESTS,
      connections: 64,
      stream: false,
      isNew: true,
      hitEvery: HIT_EVERY,
    };
    const figures = await runRounds(rig, subjects, { job, rounds: ROUNDS });
    const hits = (INSTANCES * (ROUNDS + 1) * REQUESTS) / HIT_EVERY;
    for (const store of stores.values()) await checkWritten(store, hits);
    return [...stores.keys()].flatMap((name) => {
      const bound = figures.get('no record');
      const ours = figures.get(name);
      if (bound === undefined || ours === undefined) throw new Error(`no figures of ${name}`);
      return report(
        name,
        name,
        new Map([
          [name, ours],
          ['no record', bound],
        ]),
      );
    });
  } finally {
    await Promise.all([...subjects.map((subject) => subject.stop()), rig.stop()]);
    await postgres?.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Fails unless every hit is in the record soon. */
async function checkWritten(store: string, expected: number): Promise<void> {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const database = await builtStore().openDatabase({ store, logger: log });
  if (database === undefined) throw new Error(`no database: ${store}`);
  // Numbers of requests may be hits of a built-in list too.
  const sql = `SELECT count(*) AS rows FROM hits WHERE category = 'abusive' AND span_end - span_start = ?`;
  let rows = 0;
  for (let waitedMs = 0; rows < expected && waitedMs < WRITTEN_WITHIN_MS; waitedMs += 100) {
    await delay(100);
    const [found] = await database.all<{ rows: number }>(sql, [HIT_WORD.length]);
    rows = found?.rows ?? 0;
  }
  await database.close();
  expectEqual(`hits recorded in ${store.slice(0, store.indexOf(':'))}`, rows, expected);
}
