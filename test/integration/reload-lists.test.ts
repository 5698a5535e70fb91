import { join } from 'node:path';
import type { ReloadOutcome } from '../../src/http/index.js';
import { ServeProcess } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';

// The built-in lists are built again and again, which takes its time on a busy machine.
jest.setTimeout(240_000);

const folder = new TempFolder();
const running: ServeProcess[] = [];

afterAll(() => {
  for (const { child } of running) child.kill('SIGKILL');
});

/** A proxy with the built-in lists, whose building takes a while, and one of its own. */
async function serve(name: string, { classifier = 'enabled: false' } = {}) {
  const write = (list: string): string => folder.write(`${name}/abusive.txt`, `[severity 4]\n${list}`);
  write('zorgblat\n');
  const config = folder.write(
    `${name}/c.yaml`,
    `listen: 127.0.0.1:0\nlists: [builtin, ./abusive.txt]\nclassifier: { ${classifier} }\nstore: none\n`,
  );
  const served = await ServeProcess.start(['--config', config], { cwd: join(folder.path, name) });
  running.push(served);
  const status = async (text: string): Promise<number> => {
    const answer = await served.chat(text);
    await answer.text();
    return answer.status;
  };
  const reload = async (): Promise<ReloadOutcome> =>
    (await served.admin('POST', 'reload')).json() as Promise<ReloadOutcome>;
  return { served, write, status, reload };
}

describe('lists that are built while the proxy serves', () => {
  it('keep no request waiting', async () => {
    const { write, status, reload } = await serve('waiting');
    write('quuxfrotz\n');
    const order: string[] = [];
    const reloaded = reload().then(({ ok }) => order.push(`reloaded ${ok}`));
    // Each is sent after the answer to the one before; a proxy that builds between two of them answers the reload first.
    for (let nth = 0; nth < 5; nth += 1) order.push(`zorgblat ${await status('a zorgblat')}`);
    await reloaded;
    expect(order).toEqual([...Array(5).fill('zorgblat 400'), 'reloaded true']);
    expect([await status('a zorgblat'), await status('a quuxfrotz')]).toEqual([200, 400]);
  });

  it('are those of the last of two reloads at once', async () => {
    const { write, status, reload } = await serve('twice');
    write('quuxfrotz\n');
    const first = reload();
    write('gneepflim\n');
    const outcomes = await Promise.all([first, reload()]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true]);
    expect([await status('a quuxfrotz'), await status('a gneepflim')]).toEqual([200, 400]);
  });

  it('leave the earlier ones in use when one is wrong, and say where', async () => {
    const { served, write, status, reload } = await serve('wrong');
    write('quuxfrotz | x: y\n');
    const { ok, problems } = await reload();
    expect([ok, problems]).toEqual([false, [expect.stringMatching(/abusive\.txt:2: /)]]);
    expect(await status('a zorgblat')).toBe(400);
    expect((await served.logged('config not reloaded; the earlier one stays in use'))['problems']).toEqual(problems);
  });

  it('do not hold up the end', async () => {
    const { served, write } = await serve('end');
    write('quuxfrotz\n');
    served.signal('SIGHUP');
    // A look at the files takes one turn at least; the thread is at work, or about to be, when the signal comes.
    await served.admin('GET', 'status');
    served.signal('SIGTERM');
    expect(await served.exited()).toBe(0);
    expect(served.log.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['draining', 'stopped']));
    expect(served.log.map(({ msg }) => msg)).not.toContain('config not reloaded; the earlier one stays in use');
  });
});
