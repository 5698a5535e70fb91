import assert from 'node:assert';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Database,
  type HitBatch,
  HitEraser,
  HitRepository,
  type HitTarget,
  LateEraser,
  newWriter,
  SpoolFolder,
  SpoolingSink,
  verifyHits,
} from '../../../src/store/index.js';
import { describeEveryDatabase } from '../../support/every-database.js';
import { hitEntry } from '../../support/hit-entry.js';
import { hitLog } from '../../support/hit-log.js';
import { quiet } from '../../support/quiet.js';
import { TempFolder } from '../../support/temp-folder.js';
import { until } from '../../support/until.js';

const temp = new TempFolder();
let count = 0;

describeEveryDatabase('hits while the database is down', (harness) => {
  let folder: string;
  beforeEach(() => {
    folder = join(temp.path, `spool-${count++}`);
  });

  /** A log over a spool, and a database that can be taken away. */
  const open = async ({ maxBytes = 1_000_000, maxQueued = 1_000, target = (real: HitTarget) => real } = {}) => {
    const database = await harness.open();
    const writer = newWriter();
    const spool = new SpoolFolder({ folder, maxBytes }, writer);
    const sink = new SpoolingSink({
      database: target(new HitRepository(database)),
      spool,
      writeTimeoutMs: 2_000,
      logger: quiet,
    });
    await sink.recover();
    const log = hitLog(database, { sink, writer, batchMs: 1, maxQueued, durability: 'request', commitTimeoutMs: 300 });
    return { database, log, sink };
  };
  const takeAway = (database: Database) => database.run('ALTER TABLE hits RENAME TO hidden');
  const giveBack = (database: Database) => database.run('ALTER TABLE hidden RENAME TO hits');
  const ids = async (): Promise<string[]> => {
    const rows = await harness.query<{ request_id: string }>('SELECT request_id FROM hits ORDER BY id');
    return rows.map(({ request_id }) => request_id);
  };
  const seqs = async (): Promise<number[]> =>
    (await harness.query<{ seq: string }>('SELECT seq FROM hits ORDER BY id')).map(({ seq }) => Number(seq));

  test('are durable on disk, and follow in order once it is back', async () => {
    const { database, log, sink } = await open();
    log.record(hitEntry('r0'));
    await log.durable();
    await takeAway(database);
    for (let index = 1; index <= 5; index += 1) {
      log.record(hitEntry(`r${index}`));
      await log.durable();
    }
    expect(log.stats()).toMatchObject({ queued: 0, written: 6, dropped: 0, healthy: false });
    expect(log.stats().spooledBytes).toBeGreaterThan(0);
    await giveBack(database);
    await until(() => !sink.spooling);
    log.record(hitEntry('r6'));
    await log.durable();
    expect(await ids()).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6']);
    expect(await seqs()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(log.stats()).toMatchObject({ spooledBytes: 0, healthy: true });
    await log.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('are there once, even when the database had taken them and nobody could tell', async () => {
    const { database, log } = await open({
      target: (real) => ({
        append: async (batch) => {
          await real.append(batch);
          if (batch.head.seq === 2) throw new Error('the answer was lost');
        },
        eraseLate: (batch) => real.eraseLate(batch),
        closeWriter: (writer, timeMs) => real.closeWriter(writer, timeMs),
      }),
    });
    for (const id of ['r1', 'r2', 'r3', 'r4']) {
      log.record(hitEntry(id));
      await log.durable();
    }
    // The same batch again and again loses its answer; the one behind it does not wait for ever.
    expect(log.stats()).toMatchObject({ written: 4, healthy: false });
    expect(await ids()).toEqual(['r1', 'r2']);
    await log.close();
    const next = await open();
    await until(() => !next.sink.spooling);
    expect(await ids()).toEqual(['r1', 'r2', 'r3', 'r4']);
    expect(await seqs()).toEqual([1, 2, 3, 4]);
    await next.log.close();
    await database.close();
  });

  test('are taken over by the next start when the process ends first', async () => {
    const { database, log } = await open();
    await takeAway(database);
    for (const id of ['r1', 'r2', 'r3']) log.record(hitEntry(id));
    await log.close();
    expect(log.stats()).toMatchObject({ written: 3, dropped: 0 });
    await giveBack(database);
    const next = await open();
    next.log.record(hitEntry('r4'));
    await next.log.durable();
    await until(() => !next.sink.spooling);
    expect(await ids()).toEqual(['r1', 'r2', 'r3', 'r4']);
    await next.log.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('wait in memory when the spool is full too, and nothing is lost while there is room', async () => {
    const { database, log, sink } = await open({ maxBytes: 1_000 });
    await takeAway(database);
    for (let index = 0; index < 20; index += 1) {
      log.record(hitEntry(`r${index}`));
      await log.durable();
    }
    expect(log.stats().queued).toBeGreaterThan(10);
    expect(log.stats().dropped).toBe(0);
    await giveBack(database);
    await until(() => !sink.spooling && log.stats().queued === 0);
    expect(await ids()).toEqual(Array.from({ length: 20 }, (_, index) => `r${index}`));
    await log.close();
  });

  test('are erased when they come after their subject was forgotten', async () => {
    const { database, log, sink } = await open();
    log.record(hitEntry('r0', { subject: 'alice' }));
    await log.durable();
    await takeAway(database);
    log.record(hitEntry('r1', { subject: 'alice', timeMs: 1_000 }));
    log.record(hitEntry('r2', { subject: 'alice', timeMs: 1_001 }));
    log.record(hitEntry('r3', { subject: 'bob', timeMs: 1_000 }));
    await log.durable();
    await new LateEraser(database).note('alice', 1_000);
    await giveBack(database);
    await until(() => !sink.spooling);
    await log.close();
    // What is from after that moment stays.
    expect(await ids()).toEqual(['r0', null, 'r2', 'r3']);
    for await (const { problems } of verifyHits(database)) expect(problems).toEqual([]);
  });

  test('that retention has cut off already do not come back', async () => {
    const taken: HitBatch[] = [];
    const { database, log } = await open({
      target: (real) => ({
        append: (batch) => {
          taken.push(batch);
          return real.append(batch);
        },
        eraseLate: (batch) => real.eraseLate(batch),
        closeWriter: (writer, timeMs) => real.closeWriter(writer, timeMs),
      }),
    });
    for (const timeMs of [1, 2]) {
      log.record(hitEntry(`r${timeMs}`, { timeMs }));
      await log.durable();
    }
    await new HitEraser(database).expire([{ category: 'abusive', beforeMs: 2 }], 3);
    expect(await seqs()).toEqual([2]);
    const [first] = taken;
    assert(first !== undefined);
    const spool = new SpoolFolder({ folder, maxBytes: 1_000_000 }, first.by.writer);
    await spool.append(first);
    await spool.close();
    const next = await open();
    await until(() => !next.sink.spooling);
    expect(await seqs()).toEqual([2]);
    await next.log.close();
    await log.close();
    for await (const { problems } of verifyHits(database)) expect(problems).toEqual([]);
  });

  test('under load the spool comes to an end', async () => {
    const { database, log, sink } = await open();
    await takeAway(database);
    let recorded = 0;
    let loading = true;
    const client = async (): Promise<void> => {
      while (loading) {
        log.record(hitEntry(`r${recorded++}`));
        await log.durable();
      }
    };
    const clients = Array.from({ length: 20 }, client);
    await until(() => recorded > 200);
    await giveBack(database);
    await until(() => !sink.spooling);
    loading = false;
    await Promise.all(clients);
    await log.close();
    expect((await ids()).sort()).toEqual(Array.from({ length: recorded }, (_, index) => `r${index}`).sort());
    expect(await seqs()).toEqual(Array.from({ length: recorded }, (_, index) => index + 1));
  });

  test('a writer that ends with a spool is closed once the spool is drained', async () => {
    const { database, log, sink } = await open();
    await takeAway(database);
    log.record(hitEntry('r1'));
    await log.durable();
    await giveBack(database);
    await log.close();
    expect(sink.spooling).toBe(false);
    const [writer] = await harness.query<{ closed_ms: unknown }>('SELECT closed_ms FROM writers');
    expect(Number(writer?.closed_ms)).toBe(0);
    expect(writer?.closed_ms).not.toBeNull();
  });
});
