import { randomBytes } from 'node:crypto';
import { StoreError } from '../../../src/core/index.js';
import type { BulkInsert } from '../../../src/store/index.js';
import { describeEveryDatabase } from '../../support/every-database.js';
import { until } from '../../support/until.js';

const ZORG: BulkInsert = {
  table: 'zorg',
  columns: { name: 'text', size: 'integer', weight: 'real', mark: 'bytes' },
  suffix: 'ON CONFLICT (name) DO NOTHING',
};

describeEveryDatabase('a database', (harness) => {
  const openWithTable = async () => {
    const database = await harness.open();
    const { idType, integerType, realType, bytesType, tableSuffix } = database.dialect;
    await database.run(
      `CREATE TABLE zorg (id ${idType}, name TEXT NOT NULL UNIQUE, size ${integerType}, weight ${realType}, mark ${bytesType}) ${tableSuffix}`,
    );
    return database;
  };

  test('gives values back as they were', async () => {
    const database = await openWithTable();
    const rows = [
      ['a"b\\c{d},e', 2 ** 52, 0.1, Buffer.from([0, 255, 92])],
      ['漢字 🦈', -1, 1e-300, Buffer.alloc(0)],
      ['nothing', null, null, null],
      ['', 0, 0, null],
    ] as const;
    expect(await database.insert(ZORG, rows)).toBe(4);
    const found = await database.all<Record<string, unknown>>('SELECT name, size, weight, mark FROM zorg ORDER BY id');
    expect(found.map((row) => Object.values(row))).toEqual(rows);
  });

  test('inserts what is new, and says how much that is', async () => {
    const database = await openWithTable();
    await database.insert(ZORG, [['a', 1, null, null]]);
    expect(
      await database.insert(ZORG, [
        ['a', 2, null, null],
        ['b', 2, null, null],
      ]),
    ).toBe(1);
    expect(await database.all('SELECT name, size FROM zorg ORDER BY name')).toEqual([
      { name: 'a', size: 1 },
      { name: 'b', size: 2 },
    ]);
    expect(await database.insert(ZORG, [])).toBe(0);
  });

  test('inserts into several tables together, all or nothing, as often as it is told', async () => {
    const database = await openWithTable();
    await database.run('CREATE TABLE blat (name TEXT NOT NULL UNIQUE, size INTEGER)');
    const blat: BulkInsert = {
      table: 'blat',
      columns: { name: 'text', size: 'integer' },
      suffix: 'ON CONFLICT (name) DO UPDATE SET size = excluded.size WHERE excluded.size > blat.size',
    };
    for (const size of [2, 1, 3]) {
      await database.insertTogether([
        { into: ZORG, rows: [['a', size, null, Buffer.from('"\\')]] },
        { into: blat, rows: [['b', size]] },
      ]);
    }
    await database.insertTogether([
      { into: ZORG, rows: [] },
      { into: blat, rows: [['c', 1]] },
    ]);
    await database.insertTogether([{ into: ZORG, rows: [['d', 1, null, null]] }]);
    await database.insertTogether([{ into: ZORG, rows: [] }]);
    const failing = database.insertTogether([
      { into: ZORG, rows: [['e', 1, null, null]] },
      { into: blat, rows: [[null, 1]] },
    ]);
    await expect(failing).rejects.toThrow(StoreError);
    expect(await database.all('SELECT name, size FROM zorg ORDER BY name')).toEqual([
      { name: 'a', size: 2 },
      { name: 'd', size: 1 },
    ]);
    expect(await database.all('SELECT name, size FROM blat ORDER BY name')).toEqual([
      { name: 'b', size: 3 },
      { name: 'c', size: 1 },
    ]);
  });

  test('counts changed rows', async () => {
    const database = await openWithTable();
    await database.insert(ZORG, [
      ['a', 1, null, null],
      ['b', 1, null, null],
    ]);
    expect(await database.run('UPDATE zorg SET size = ? WHERE size = ?', [3, 1])).toBe(2);
    expect(await database.run('UPDATE zorg SET size = ? WHERE size = ?', [3, 1])).toBe(0);
  });

  test('a transaction is all or nothing, and its result is that of the work', async () => {
    const database = await openWithTable();
    const failing = database.transaction(async (tx) => {
      await tx.insert(ZORG, [['a', 1, null, null]]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await database.all('SELECT * FROM zorg')).toEqual([]);
    const count = await database.transaction(async (tx) => {
      await tx.insert(ZORG, [['a', 1, null, null]]);
      return (await tx.all('SELECT * FROM zorg')).length;
    });
    expect(count).toBe(1);
    expect(await database.all('SELECT name FROM zorg')).toEqual([{ name: 'a' }]);
  });

  test('transactions and statements at the same time do not mix', async () => {
    const database = await openWithTable();
    const transfer = (name: string) =>
      database.transaction(async (tx) => {
        await tx.insert(ZORG, [[name, 1, null, null]]);
        await tx.run('UPDATE zorg SET size = size + 1 WHERE name = ?', [name]);
      });
    const counts = [];
    const transfers = [];
    for (let index = 0; index < 20; index += 1) {
      transfers.push(transfer(`n${index}`));
      counts.push(database.all<{ count: number }>('SELECT count(*) AS count FROM zorg WHERE size = 1'));
    }
    await Promise.all(transfers);
    for (const count of counts) expect(await count).toEqual([{ count: 0 }]);
    expect(await database.all('SELECT name FROM zorg WHERE size = 2')).toHaveLength(20);
  });

  test('a refused statement is a StoreError that names the database, and does no harm to the next one', async () => {
    const database = await openWithTable();
    await expect(database.all('SELECT zorg FROM blat')).rejects.toThrow(StoreError);
    await expect(database.run('INSERT INTO zorg (size) VALUES (?)', [1])).rejects.toThrow(database.label);
    await expect(database.transaction((tx) => tx.run('INSERT INTO zorg (size) VALUES (?)', [1]))).rejects.toThrow(
      StoreError,
    );
    expect(await database.all('SELECT * FROM zorg')).toEqual([]);
  });

  test('a listener hears what is told, until it ends', async () => {
    const database = await harness.open();
    const heard: string[] = [];
    // Everybody on the server's database hears a channel, also suites that run beside this one.
    const channel = `zorg_${randomBytes(4).toString('hex')}`;
    const end = await database.listen(channel, (message) => heard.push(message));
    await database.notify('blat', 'not for us');
    await database.notify(channel, "it's here");
    await until(() => heard.length > 0);
    await end();
    await database.notify(channel, 'too late');
    expect(heard).toEqual(["it's here"]);
  });

  test('the day of a time is in UTC', async () => {
    const database = await openWithTable();
    await database.insert(ZORG, [['a', Date.UTC(2024, 1, 29, 23, 59, 59, 999), null, null]]);
    const day = database.dialect.utcDay('size');
    expect(await database.all(`SELECT ${day} AS day FROM zorg`)).toEqual([{ day: '2024-02-29' }]);
  });

  test('many processes that open an empty database at once migrate it once', async () => {
    const databases = await Promise.all(Array.from({ length: 4 }, () => harness.open()));
    for (const database of databases) expect(await database.all('SELECT * FROM hits')).toEqual([]);
  });

  test('close may be called twice, and later statements are refused', async () => {
    const database = await harness.open();
    await Promise.all([database.close(), database.close()]);
    await expect(database.all('SELECT 1')).rejects.toThrow(StoreError);
  });
});
