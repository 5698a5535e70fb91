import type { Category, HitEntry } from '../../../src/core/index.js';
import { type ChainPoint, type ChainReport, type Database, HitEraser, verifyHits } from '../../../src/store/index.js';
import { describeEveryDatabase } from '../../support/every-database.js';
import { hitEntry } from '../../support/hit-entry.js';
import { hitLog } from '../../support/hit-log.js';

const KEY = Buffer.from('a key of the tests');

/** An entry of a category, at a time. */
function entryOf(id: string, category: Category, change: Partial<HitEntry> = {}): HitEntry {
  const entry = hitEntry(id, change);
  return { ...entry, hits: entry.hits.map((hit) => ({ ...hit, category })) };
}

describeEveryDatabase('the chain of hits', (harness) => {
  const record = async (database: Database, entries: readonly HitEntry[], chainKey?: Uint8Array): Promise<void> => {
    const log = hitLog(database, { batchSize: 3, chainKey });
    for (const entry of entries) log.record(entry);
    await log.close();
  };
  const ten = Array.from({ length: 10 }, (_, index) => hitEntry(`r${index}`, { subject: index % 2 ? 'odd' : 'even' }));
  const verify = async (database: Database, options = {}): Promise<ChainReport[]> => {
    const reports: ChainReport[] = [];
    for await (const report of verifyHits(database, options)) reports.push(report);
    return reports;
  };
  const problems = async (database: Database, options = {}) =>
    (await verify(database, options)).flatMap((report) => report.problems);

  test('of an untouched record is whole, one per writer', async () => {
    const database = await harness.open();
    await record(database, ten, KEY);
    await record(database, ten.slice(0, 4), KEY);
    expect(await problems(database, { key: KEY })).toEqual([]);
    const reports = await verify(database, { key: KEY });
    expect(reports.map(({ rows, lost, erased, head }) => [rows, lost, erased, head.seq]).sort()).toEqual([
      [10, 0, 0, 10],
      [4, 0, 0, 4],
    ]);
    expect(reports.every(({ closedMs }) => closedMs === 0)).toBe(true);
  });

  test.each([
    ['a row that was removed', 'DELETE FROM hits WHERE seq = 4', [{ kind: 'missing', seq: 4, lastSeq: 4 }]],
    ['rows that were removed', 'DELETE FROM hits WHERE seq IN (4, 5, 6)', [{ kind: 'missing', seq: 4, lastSeq: 6 }]],
    ['a beginning that was removed', 'DELETE FROM hits WHERE seq < 3', [{ kind: 'missing', seq: 1, lastSeq: 2 }]],
    ['an end that was removed', 'DELETE FROM hits WHERE seq > 8', [{ kind: 'missing', seq: 9, lastSeq: 10 }]],
    ['everything removed', 'DELETE FROM hits', [{ kind: 'missing', seq: 1, lastSeq: 10 }]],
    ['a change', "UPDATE hits SET applied = 'allow' WHERE seq = 4", [{ kind: 'changed', seq: 4, lastSeq: 4 }]],
    ['a change of a score', 'UPDATE hits SET score = 0.1 WHERE seq = 4', [{ kind: 'changed', seq: 4, lastSeq: 4 }]],
    [
      'a subject that was taken out',
      'UPDATE hits SET subject = NULL WHERE seq = 4',
      [{ kind: 'changed', seq: 4, lastSeq: 4 }],
    ],
    [
      'what pretends to be erased',
      'UPDATE hits SET erased_ms = 1 WHERE seq = 4',
      [{ kind: 'changed', seq: 4, lastSeq: 4 }],
    ],
    [
      'a salt that was taken out',
      'UPDATE hits SET salt = NULL WHERE seq = 4',
      [{ kind: 'changed', seq: 4, lastSeq: 4 }],
    ],
    [
      'a digest that was exchanged',
      'UPDATE hits SET digest = (SELECT digest FROM hits h WHERE h.seq = 7), salt = NULL, erased_ms = 1 WHERE seq = 4',
      [
        { kind: 'changed', seq: 4, lastSeq: 4 },
        { kind: 'broken', seq: 4, lastSeq: 4 },
      ],
    ],
    [
      'a head that was set back',
      'UPDATE writers SET head_seq = 9, head_hash = (SELECT hash FROM hits WHERE seq = 9)',
      [{ kind: 'extra', seq: 10, lastSeq: 10 }],
    ],
    ['a writer that was removed', 'DELETE FROM writers', [{ kind: 'unknown', seq: 1, lastSeq: 10 }]],
  ])('shows %s, and where', async (_, tamper, expected) => {
    const database = await harness.open();
    await record(database, ten);
    await harness.query(tamper);
    expect(await problems(database)).toEqual(expected);
  });

  test('that is keyed cannot be made anew without the key', async () => {
    const database = await harness.open();
    await record(database, ten, KEY);
    expect(await problems(database)).toEqual([{ kind: 'key', seq: 1, lastSeq: 10 }]);
    expect(await problems(database, { key: Buffer.from('another key of ours') })).toMatchObject([{ kind: 'key' }]);
    // What somebody without the key can do: take a row out and number the others anew.
    await harness.query('DELETE FROM hits WHERE seq = 10');
    await harness.query('UPDATE writers SET head_seq = 9, head_hash = (SELECT hash FROM hits WHERE seq = 9)');
    expect(await problems(database, { key: KEY })).toEqual([]);
    const heads = new Map([[(await verify(database, { key: KEY }))[0]!.writer, { seq: 10, hash: KEY }]]);
    expect(await problems(database, { key: KEY, heads })).toEqual([{ kind: 'missing', seq: 10, lastSeq: 10 }]);
  });

  test('that claims to be from before there was a key is not believed, unless its head was noted', async () => {
    const database = await harness.open();
    await record(database, ten);
    expect(await problems(database)).toEqual([]);
    expect(await problems(database, { key: KEY })).toEqual([{ kind: 'key', seq: 1, lastSeq: 10 }]);
    const [report] = await verify(database);
    const heads = new Map([[report!.writer, report!.head]]);
    expect(await problems(database, { key: KEY, heads })).toEqual([]);
    // What somebody without the key can do to a keyed chain: make it anew, without.
    await harness.query("UPDATE hits SET applied = 'allow' WHERE seq = 10");
    expect(await problems(database, { key: KEY, heads })).toMatchObject([{ kind: 'changed' }]);
  });

  test('is held against heads that were noted elsewhere', async () => {
    const database = await harness.open();
    await record(database, ten.slice(0, 5));
    const heads = new Map<string, ChainPoint>();
    for (const { writer, head } of await verify(database)) heads.set(writer, head);
    expect(await problems(database, { heads })).toEqual([]);
    const [writer] = heads.keys();
    expect(await problems(database, { heads: new Map([[writer!, { seq: 5, hash: KEY }]]) })).toEqual([
      { kind: 'head', seq: 5, lastSeq: 5 },
    ]);
    await harness.query('DELETE FROM hits');
    await harness.query('DELETE FROM writers');
    expect(await problems(database, { heads })).toEqual([{ kind: 'missing', seq: 1, lastSeq: 5 }]);
  });

  test('survives the erasure of a subject, whose content is gone', async () => {
    const database = await harness.open();
    await record(database, ten);
    const eraser = new HitEraser(database);
    expect(await eraser.eraseSubject('odd', 99)).toBe(5);
    expect(await eraser.eraseSubject('odd', 99)).toBe(0);
    expect(await verify(database)).toMatchObject([{ rows: 10, erased: 5, problems: [] }]);
    const left = await harness.query<Record<string, unknown>>(
      'SELECT * FROM hits WHERE erased_ms IS NOT NULL ORDER BY seq',
    );
    for (const { id, writer, seq, digest, hash, erased_ms, ...content } of left) {
      expect(Object.values(content).every((value) => value === null)).toBe(true);
      expect(Number(erased_ms)).toBe(99);
    }
    await harness.query("UPDATE hits SET subject = 'odd' WHERE seq = 2");
    expect(await problems(database)).toEqual([{ kind: 'changed', seq: 2, lastSeq: 2 }]);
  });

  test('survives the end of a retention, category by category, and is cut where all is erased', async () => {
    const database = await harness.open();
    const log = hitLog(database);
    const kinds = ['abusive', 'abusive', 'crime', 'abusive', 'crime', 'crime'] as const;
    for (const [index, kind] of kinds.entries()) log.record(entryOf(`r${index}`, kind, { timeMs: 1_000 + index }));
    log.record(hitEntry('r6', { hits: [], outcome: 'unscreened', timeMs: 1_006 }));
    await log.flush();
    const eraser = new HitEraser(database);
    expect(await eraser.expire([{ category: 'abusive', beforeMs: 1_004 }], 5_000)).toBe(3);
    expect(await verify(database)).toMatchObject([{ rows: 5, erased: 1, problems: [] }]);
    expect(await eraser.expire([{ category: null, beforeMs: 9_000 }], 5_000)).toBe(1);
    expect(await eraser.expire([{ category: 'crime', beforeMs: 1_005 }], 5_000)).toBe(2);
    expect(await verify(database)).toMatchObject([{ rows: 2, erased: 1, problems: [] }]);
    expect(await eraser.expire([{ category: 'crime', beforeMs: 9_000 }], 5_000)).toBe(1);
    expect(await verify(database)).toMatchObject([{ rows: 0, erased: 0, problems: [], head: { seq: 7 } }]);
    // The writer goes on from there.
    log.record(hitEntry('r7'));
    await log.close();
    expect(await verify(database)).toMatchObject([{ rows: 1, erased: 0, problems: [], head: { seq: 8 } }]);
  });

  test('can be verified while others write and erase', async () => {
    const database = await harness.open();
    const log = hitLog(database, { batchSize: 7, batchMs: 0 });
    const eraser = new HitEraser(await harness.open());
    let recorded = 0;
    let busy = true;
    const writing = (async () => {
      while (busy) {
        for (let count = 0; count < 50; count += 1) log.record(hitEntry(`r${recorded}`, { timeMs: recorded++ }));
        await log.flush();
        await eraser.expire([{ category: 'abusive', beforeMs: recorded - 120 }], 5);
      }
    })();
    for (let turn = 0; turn < 15; turn += 1) expect(await problems(database)).toEqual([]);
    busy = false;
    await writing;
    await log.close();
  });
});
