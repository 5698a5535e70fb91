import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ServeProcess } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(120_000);

const folder = new TempFolder();
folder.write('abusive.txt', '[severity 4]\nzorg\n');
const config = folder.write(
  'c.yaml',
  [
    'listen: 127.0.0.1:0',
    'lists: [./abusive.txt]',
    'classifier: { enabled: false }',
    'store: "sqlite:./a.db"',
    'hitLog: { batchSize: 10, batchMs: 5 }',
  ].join('\n'),
);
const running: ServeProcess[] = [];
afterAll(() => {
  for (const { child } of running) child.kill('SIGKILL');
});

async function start(): Promise<ServeProcess> {
  const served = await ServeProcess.start(['--config', config], { cwd: folder.path });
  running.push(served);
  return served;
}

/** What the store says is durable. */
async function acknowledged(served: ServeProcess): Promise<number> {
  const metrics = await (await fetch(`${served.url}/metrics`)).text();
  return Number(/^sluice_store_written (\d+)$/m.exec(metrics)?.[1]);
}

function rows(): string[] {
  const database = new Database(join(folder.path, 'a.db'));
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  const found = database.prepare('SELECT request_id AS id, action FROM hits').all() as { id: string; action: string }[];
  database.close();
  expect(found.every(({ action }) => action === 'block')).toBe(true);
  return found.map(({ id }) => id);
}

test('kill -9 under load leaves a sound record with every acknowledged hit, and a restart goes on with it', async () => {
  const served = await start();
  const answered: string[] = [];
  let loading = true;
  const client = async (number: number): Promise<void> => {
    for (let turn = 0; loading; turn += 1) {
      try {
        const answer = await served.chat(
          (number + turn) % 3 === 0 ? `a zorg ${number} ${turn}` : `hello ${number} ${turn}`,
        );
        await answer.text();
        if (answer.status === 400) answered.push(answer.headers.get('x-request-id') ?? '');
      } catch {
        return;
      }
    }
  };
  const clients = Array.from({ length: 100 }, (_, number) => client(number));
  let durable = 0;
  while (durable < 100) durable = await acknowledged(served);
  served.signal('SIGKILL');
  await served.exited();
  loading = false;
  await Promise.all(clients);

  const found = rows();
  expect(found.length).toBeGreaterThanOrEqual(durable);
  expect(new Set(found).size).toBe(found.length);
  // Batches are written in the order of the requests, so what a client saw among the first ones is there.
  const known = new Set(found);
  expect(answered.filter((id) => known.has(id)).length).toBeGreaterThan(0);

  const again = await start();
  expect((await again.chat('a zorg once more')).status).toBe(400);
  again.signal('SIGTERM');
  expect(await again.exited()).toBe(0);
  expect(rows()).toHaveLength(found.length + 1);
});
