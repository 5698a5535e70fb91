import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { StoreError } from '../../../src/core/index.js';
import { openDatabase } from '../../../src/store/index.js';
import { describePostgres, PostgresSchema } from '../../support/postgres.js';
import { quiet } from '../../support/quiet.js';
import { until } from '../../support/until.js';

const open = (store: string, logger = quiet) => openDatabase({ store, logger });

describe('a PostgreSQL database that is not there', () => {
  test('is a StoreError without the password', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const failing = open(`postgres://zorg:s3cret@127.0.0.1:${port}/blat`);
    await expect(failing).rejects.toThrow(StoreError);
    await expect(failing).rejects.toThrow(`Cannot open the store postgres://zorg@127.0.0.1:${port}/blat`);
    await failing.catch((error) => expect(String(error) + JSON.stringify(error)).not.toContain('s3cret'));
  });
});

describePostgres('a PostgreSQL database', () => {
  const schema = new PostgresSchema();
  afterAll(() => schema.drop());

  test('has its tables in a schema of its own, and is found there again', async () => {
    const first = await open(schema.url);
    await first?.close();
    const tables = await schema.query<{ tablename: string }>(
      `SELECT tablename FROM pg_tables WHERE schemaname = '${schema.name}'`,
    );
    expect(tables.map(({ tablename }) => tablename)).toContain('hits');
    const second = await open(schema.url);
    expect(await second?.all('SELECT * FROM hits')).toEqual([]);
    await second?.close();
  });

  test('waits for the disk, whatever the settings of the session say, and keeps the others', async () => {
    const options = encodeURIComponent('-c synchronous_commit=off -c work_mem=1MB');
    const database = await open(`${schema.url}&options=${options}`);
    const settings = "current_setting('synchronous_commit') AS commits, current_setting('work_mem') AS memory";
    expect(await database?.all(`SELECT ${settings} FROM hits RIGHT JOIN (SELECT 1) one ON true`)).toEqual([
      { commits: 'on', memory: '1MB' },
    ]);
    expect(await database?.transaction((tx) => tx.all(`SELECT ${settings}`))).toMatchObject([{ commits: 'on' }]);
    await database?.close();
  });

  test('a newer schema is refused', async () => {
    const later = new PostgresSchema();
    await (await open(later.url))?.close();
    await later.query('UPDATE schema_version SET version = 99');
    await expect(open(later.url)).rejects.toThrow(/schema version 99/);
    await later.drop();
  });

  test('outlives the loss of its connections', async () => {
    const database = await open(schema.url);
    const warnings: unknown[] = [];
    const listening = await open(schema.url, { ...quiet, warn: (fields) => warnings.push(fields) });
    const heard: string[] = [];
    // Everybody on the server's database hears a channel, also suites that run beside this one.
    const channel = `zorg_${randomBytes(4).toString('hex')}`;
    await listening?.listen(channel, (message) => heard.push(message));
    await listening?.all('SELECT 1');
    await schema.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'sluice' AND query ~ 'LISTEN|SELECT 1' AND pid <> pg_backend_pid()`,
    );
    await until(() => warnings.length >= 1);
    await until(async () => {
      await database?.notify(channel, 'again');
      return heard.length > 0;
    });
    await until(async () => {
      const rows = await listening?.all('SELECT 2 AS two').catch(() => []);
      return rows?.length === 1;
    });
    await Promise.all([database?.close(), listening?.close()]);
  });
});
