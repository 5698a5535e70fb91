import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describePostgres, PostgresSchema } from '../support/postgres.js';
import { ServeProcess } from '../support/sluice-process.js';
import { TcpGate } from '../support/tcp-gate.js';
import { TempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(120_000);

describePostgres('a proxy whose PostgreSQL is gone', () => {
  const folder = new TempFolder();
  const schema = new PostgresSchema();
  const running: ServeProcess[] = [];
  let gate: TcpGate;
  beforeAll(async () => {
    const { hostname, port } = new URL(schema.url);
    gate = await TcpGate.start({ host: hostname, port: Number(port || 5432) });
    folder.write('abusive.txt', '[severity 4]\nzorg\n');
    const url = new URL(schema.url);
    url.port = String(gate.port);
    folder.write(
      'c.yaml',
      [
        'listen: 127.0.0.1:0',
        'lists: [./abusive.txt]',
        'classifier: { enabled: false }',
        `store: "${url.href}"`,
        'hitLog: { durability: request, overflow: block-traffic }',
      ].join('\n'),
    );
  });
  afterAll(async () => {
    for (const { child } of running) child.kill('SIGKILL');
    gate.stop();
    await schema.drop();
  });

  const start = async (): Promise<ServeProcess> => {
    const served = await ServeProcess.start(['--config', 'c.yaml'], { cwd: folder.path });
    running.push(served);
    return served;
  };
  const acknowledged: string[] = [];
  const block = async (served: ServeProcess): Promise<void> => {
    const answer = await served.chat('a zorg');
    await answer.text();
    expect(answer.status).toBe(400);
    acknowledged.push(answer.headers.get('x-request-id') ?? '');
  };
  const health = async (served: ServeProcess): Promise<unknown> => (await fetch(`${served.url}/healthz`)).json();
  const recorded = async (): Promise<string[]> =>
    (await schema.query<{ request_id: string }>('SELECT request_id FROM hits ORDER BY id')).map(
      (row) => row.request_id,
    );
  const spooled = (): string[] => readdirSync(join(folder.path, 'sluice-spool'));

  it('goes on, also through kill -9 and a start without it, and loses no acknowledged hit', async () => {
    const first = await start();
    await block(first);
    expect(await health(first)).toEqual({ status: 'ok' });
    gate.shut();
    for (let count = 0; count < 5; count += 1) await block(first);
    expect(await health(first)).toEqual({ status: 'degraded', degraded: ['store'] });
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${first.url}/metrics`)).text()).toMatch(/^sluice_store_spooled_bytes [1-9]/m);
    first.signal('SIGKILL');
    await first.exited();

    const second = await start();
    for (let count = 0; count < 5; count += 1) await block(second);
    expect(await health(second)).toMatchObject({ status: 'degraded' });
    expect(spooled().length).toBeGreaterThanOrEqual(2);
    gate.open();
    await until(async () => JSON.stringify(await health(second)) === '{"status":"ok"}');
    await block(second);
    second.signal('SIGTERM');
    expect(await second.exited()).toBe(0);
    expect(await recorded()).toEqual(acknowledged);
    expect(spooled()).toEqual([]);
  });
});
