import { spawn } from 'node:child_process';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { StoreError } from '../../../src/core/index.js';
import { type HitLog, type HitLogOptions, HitQueries, verifyHits } from '../../../src/store/index.js';
import { describeEveryDatabase } from '../../support/every-database.js';
import { hitEntry } from '../../support/hit-entry.js';
import { hitLog } from '../../support/hit-log.js';
import { until } from '../../support/until.js';

/** One recorded row as most cases look at it, in the order of recording. */
interface RecordedRow {
  readonly request_id: string;
  readonly outcome: string;
  readonly category: string | null;
  readonly term_id: string | null;
}

describeEveryDatabase('the hit log', (harness) => {
  const logs: HitLog[] = [];
  const open = async (tuning: Partial<HitLogOptions> = {}): Promise<HitLog> => {
    const log = hitLog(await harness.open(), tuning);
    logs.push(log);
    return log;
  };
  const rows = () => harness.query<RecordedRow>('SELECT request_id, outcome, category, term_id FROM hits ORDER BY id');
  const ids = async () => (await rows()).map((row) => row.request_id);
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close().catch(() => undefined);
  });

  test('a flushed entry is readable from outside, one row per hit', async () => {
    const log = await open();
    const first = hitEntry('r1').hits[0]!;
    const second = {
      category: 'crime',
      source: 'classifier',
      score: 0.8,
      span: { start: 0, end: 40 },
      action: 'flag',
    } as const;
    log.record(hitEntry('r1', { hits: [first, second] }));
    await log.flush();
    expect(await rows()).toEqual([
      { request_id: 'r1', outcome: 'screened', category: 'abusive', term_id: 'en/abusive/00000001' },
      { request_id: 'r1', outcome: 'screened', category: 'crime', term_id: null },
    ]);
    expect(log.stats()).toEqual({
      queued: 0,
      spooledBytes: 0,
      written: 1,
      dropped: 0,
      errors: 0,
      healthy: true,
    });
  });

  test('stores every field of a hit', async () => {
    const log = await open();
    log.record(hitEntry('r1', { mode: 'shadow', applied: 'allow' }));
    await log.close();
    const [row] = await harness.query('SELECT * FROM hits');
    expect(row).toMatchObject({
      request_id: 'r1',
      direction: 'input',
      route: '/v1/chat/completions',
      field: 'messages[0].content',
      outcome: 'screened',
      policy: 'default',
      mode: 'shadow',
      action: 'block',
      applied: 'allow',
      category: 'abusive',
      source: 'lexicon',
      hit_action: 'block',
      score: 0.995,
      term_id: 'en/abusive/00000001',
      policy_version: 'p1',
      lexicon_version: 'l1',
      model_version: 'm1',
    });
    expect([row?.['time_ms'], row?.['span_start'], row?.['span_end']].map(Number)).toEqual([1_700_000_000_000, 2, 10]);
  });

  test('what passed unscreened, failed open or was blocked without hits is one row without category', async () => {
    const log = await open();
    log.record(hitEntry('r1', { hits: [], outcome: 'unscreened', action: 'allow', applied: 'allow' }));
    log.record(hitEntry('r2', { hits: [], outcome: 'failed-open', action: 'allow', applied: 'allow' }));
    log.record(hitEntry('r3', { hits: [] }));
    log.record(hitEntry('clean', { hits: [], action: 'allow', applied: 'allow' }));
    await log.flush();
    expect((await rows()).map((row) => [row.request_id, row.outcome, row.category])).toEqual([
      ['r1', 'unscreened', null],
      ['r2', 'failed-open', null],
      ['r3', 'screened', null],
    ]);
  });

  test('names that no database takes are stored with replacement characters', async () => {
    const log = await open();
    log.record(hitEntry('r1', { field: 'metadata.a\0b\uD800c' }));
    await log.flush();
    expect(await harness.query('SELECT field FROM hits')).toEqual([{ field: 'metadata.a\u{FFFD}b\u{FFFD}c' }]);
  });

  test('order survives many batches', async () => {
    const log = await open({ batchSize: 7 });
    const recorded = Array.from({ length: 50 }, (_, index) => `r${index}`);
    for (const id of recorded) log.record(hitEntry(id));
    await log.flush();
    expect(await ids()).toEqual(recorded);
  });

  test('a full batch is written without waiting for its age', async () => {
    const log = await open({ batchSize: 2, batchMs: 60_000 });
    log.record(hitEntry('r1'));
    log.record(hitEntry('r2'));
    await until(() => log.stats().written === 2);
    expect(await rows()).toHaveLength(2);
  });

  test('a partial batch is written once it is old enough', async () => {
    const log = await open({ batchSize: 100, batchMs: 5 });
    log.record(hitEntry('r1'));
    await until(() => log.stats().written === 1);
    expect(await rows()).toHaveLength(1);
  });

  test('a full queue drops the oldest and counts it', async () => {
    const log = await open({ maxQueued: 3, batchMs: 60_000 });
    for (let index = 0; index < 5; index += 1) log.record(hitEntry(`r${index}`));
    expect(log.stats()).toMatchObject({ queued: 3, dropped: 2 });
    await log.flush();
    expect(await ids()).toEqual(['r2', 'r3', 'r4']);
    const [writer] = await harness.query('SELECT lost FROM writers');
    expect(Number(writer?.['lost'])).toBe(2);
  });

  test('with block-traffic a full queue takes no more, and says so to whoever brought it', async () => {
    const log = await open({ maxQueued: 2, batchMs: 60_000, overflow: 'block-traffic' });
    const kept = ['r0', 'r1', 'r2', 'r3', 'r4'].map((id) => log.record(hitEntry(id)));
    expect(kept).toEqual([true, true, true, true, false]);
    expect([log.accepts(), log.stats().dropped]).toEqual([false, 1]);
    await log.flush();
    expect(await ids()).toEqual(['r0', 'r1', 'r2', 'r3']);
  });

  test('there is no room beyond half of the queue, until it is written or the time is over', async () => {
    const [patient, hasty] = [
      await open({ maxQueued: 4, batchMs: 60_000 }),
      await open({ maxQueued: 4, batchMs: 60_000, commitTimeoutMs: 5 }),
    ];
    for (const log of [patient, hasty]) {
      for (const id of ['r0', 'r1']) log.record(hitEntry(id));
      expect(log.room()).toBeUndefined();
      log.record(hitEntry('r2'));
    }
    expect(await hasty.room()).toBe(false);
    const room = patient.room();
    await patient.flush();
    expect([await room, patient.room()]).toEqual([true, undefined]);
  });

  test('of a text with very many hits some are rows, the others a number', async () => {
    const log = await open();
    const first = hitEntry('r1').hits[0]!;
    log.record(hitEntry('r1', { hits: Array.from({ length: 100_000 }, () => first) }));
    await log.flush();
    const [found] = await harness.query('SELECT count(*) AS count, sum(unlisted) AS unlisted FROM hits');
    expect([Number(found?.['count']), Number(found?.['unlisted'])]).toEqual([50, 99_950]);
  });

  test('a batch ends early when its entries have many rows', async () => {
    const log = await open({ batchSize: 1_000 });
    const first = hitEntry('r1').hits[0]!;
    const hits = Array.from({ length: 50 }, () => first);
    for (let index = 0; index < 100; index += 1) log.record(hitEntry(`r${index}`, { hits }));
    await log.flush();
    const [found] = await harness.query('SELECT count(*) AS count FROM hits');
    expect(Number(found?.['count'])).toBe(5_000);
    expect(log.stats().written).toBe(100);
  });

  test('an entry that cannot be stored is dropped and counted, its neighbours are kept', async () => {
    const log = await open();
    log.record(hitEntry('r1'));
    log.record(hitEntry('bad', { timeMs: Number.NaN }));
    log.record(hitEntry('r2'));
    await log.flush();
    expect(await ids()).toEqual(['r1', 'r2']);
    expect(log.stats()).toMatchObject({ written: 2, dropped: 1, healthy: true });
  });

  test('close writes what waits, may be called twice, and later entries are counted as dropped', async () => {
    const log = await open({ batchMs: 60_000 });
    log.record(hitEntry('r1'));
    await Promise.all([log.close(), log.close()]);
    expect(() => log.record(hitEntry('late'))).not.toThrow();
    expect(log.stats()).toMatchObject({ written: 1, dropped: 1, healthy: false });
    expect(await rows()).toHaveLength(1);
  });

  test('a clock that is set back changes neither the order nor the chains', async () => {
    let nowMs = 1_700_000_000_000;
    const clock = { now: () => nowMs };
    const stamped = (id: string) => hitEntry(id, { timeMs: nowMs });
    const first = await open({ clock });
    first.record(stamped('r1'));
    await first.flush();
    nowMs -= 86_400_000;
    first.record(stamped('r2'));
    first.record(stamped('r3'));
    await first.flush();
    // Seems to have started before the one that it follows.
    const second = await open({ clock });
    second.record(stamped('r4'));
    await Promise.all([first.close(), second.close()]);
    expect(await ids()).toEqual(['r1', 'r2', 'r3', 'r4']);
    const database = await harness.open();
    let chains = 0;
    for await (const { problems } of verifyHits(database)) {
      expect(problems).toEqual([]);
      chains += 1;
    }
    expect(chains).toBe(2);
    const days = await new HitQueries(database).countByDay({});
    expect(days.map(({ day, count }) => [day, count]).sort()).toEqual([
      ['2023-11-13', 3],
      ['2023-11-14', 1],
    ]);
  });

  test('two logs on one database both write', async () => {
    const [first, second] = [await open(), await open()];
    first.record(hitEntry('r1'));
    second.record(hitEntry('r2'));
    await Promise.all([first.flush(), second.flush()]);
    expect((await ids()).sort()).toEqual(['r1', 'r2']);
  });

  test('a database that cannot be written costs an error and a retry, never an entry', async () => {
    const log = await open({ batchMs: 5 });
    await harness.query('ALTER TABLE hits RENAME TO hidden');
    log.record(hitEntry('r1'));
    await expect(log.flush()).rejects.toThrow(StoreError);
    expect(log.stats()).toMatchObject({ queued: 1, written: 0, dropped: 0, healthy: false });
    await until(() => log.stats().errors > 1);
    await harness.query('ALTER TABLE hidden RENAME TO hits');
    await until(() => log.stats().written === 1);
    expect(log.stats()).toMatchObject({ queued: 0, dropped: 0, healthy: true });
    expect(await rows()).toHaveLength(1);
  });

  test('close loses nothing when only its end cannot be told', async () => {
    const log = await open({ batchMs: 60_000 });
    log.record(hitEntry('r1'));
    await log.flush();
    await harness.query('ALTER TABLE writers RENAME TO hidden');
    await log.close();
    expect(log.stats().dropped).toBe(0);
  });

  test('close with a database that stays unwritable reports the loss', async () => {
    const log = await open({ batchMs: 60_000 });
    await harness.query('ALTER TABLE hits RENAME TO hidden');
    log.record(hitEntry('r1'));
    await expect(log.close()).rejects.toThrow(/1 entries wait/);
    expect(log.stats()).toMatchObject({ queued: 0, dropped: 1 });
  });

  test('a process killed in the middle keeps every acknowledged hit', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'crash-child.ts'), harness.store], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    const exited = new Promise<NodeJS.Signals | null>((resolve) =>
      child.on('exit', (_code, signal) => resolve(signal)),
    );
    await new Promise<void>((resolve) => {
      child.on('exit', () => resolve());
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        if ((output.match(/acked/g) ?? []).length >= 5) resolve();
      });
    });
    child.kill('SIGKILL');
    expect(await exited).toBe('SIGKILL');

    const acked = Number([...output.matchAll(/acked (\d+)\n/g)].at(-1)?.[1]);
    expect(acked).toBeGreaterThanOrEqual(50);
    const found = await ids();
    expect(found.length).toBeGreaterThanOrEqual(acked);
    expect(found).toEqual(found.map((_, index) => `r${index}`));
    if (harness.store.startsWith('sqlite:')) {
      const database = new Sqlite(harness.store.slice('sqlite:'.length), { readonly: true });
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
      database.close();
    }
  });
});
