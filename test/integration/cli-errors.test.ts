import { chmodSync, mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { runSluice } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(120_000);

const folder = new TempFolder();
const LIGHT = 'lists: [./abusive.txt]\nclassifier: { enabled: false }\nlisten: 127.0.0.1:0\n';
folder.write('abusive.txt', '[severity 4]\nzorgblat\n');
folder.write('light.yaml', `${LIGHT}store: none\n`);
folder.write('three.yaml', 'listem: a\nmode: loud\nstore: floppy:x\n');
folder.write('broken.yaml', 'mode: shadow\nlists: [a\n');
folder.write('bad/abusive.txt', '[severity 4]\nzorgblat | colour: red\n[severity nine]\n');
folder.write('list.yaml', 'lists: [./bad]\nclassifier: { enabled: false }\nstore: none\n');
folder.write('no-list.yaml', 'lists: [./nowhere]\nclassifier: { enabled: false }\nstore: none\n');
folder.write('model.yaml', 'lists: [./abusive.txt]\nclassifier: { path: ./no-model }\nstore: none\n');
folder.write('no-folder.yaml', `${LIGHT}store: "sqlite:./no-folder/a.db"\n`);
folder.write('not-a-database.db', 'this is a letter, not a database; '.repeat(100));
folder.write('no-database.yaml', `${LIGHT}store: "sqlite:./not-a-database.db"\n`);
mkdirSync(join(folder.path, 'a-folder.db'));
folder.write('folder-database.yaml', `${LIGHT}store: "sqlite:./a-folder.db"\n`);
folder.write('policy.yaml', `${LIGHT}store: none\nroutes: [{ path: /v1/**, policy: zorg }]\n`);
folder.write('text.txt', 'hello\n');

describe('a mistake ends with exit code 2 and one message that names it', () => {
  it.each<[string, string[], RegExp[]]>([
    ['no command', [], [/Usage: sluice/]],
    ['an unknown command', ['serv'], [/unknown command 'serv'/]],
    ['an unknown option', ['serve', '--lissten', 'x'], [/unknown option '--lissten'/, /--listen/]],
    ['an option without value', ['serve', '--config'], [/--config <file>/]],
    ['a config that does not exist', ['serve', '--config', 'none.yaml'], [/none\.yaml/, /does not exist/]],
    ['a config with three mistakes', ['serve', '--config', 'three.yaml'], [/3 problems/, /'listen'/, /mode/, /store/]],
    ['a config that is not YAML', ['serve', '--config', 'broken.yaml'], [/broken\.yaml:\d/]],
    ['a route to no policy', ['serve', '--config', 'policy.yaml'], [/routes\[0\]\.policy/, /zorg/]],
    ['an upstream that is no URL', ['serve', '--upstream', 'backend'], [/upstream/, /URL/]],
    ['an address without port', ['serve', '--listen', 'localhost'], [/listen/, /host:port/]],
    [
      'a list with two bad lines',
      ['serve', '--config', 'list.yaml'],
      [/bad\/abusive\.txt:2: /, /bad\/abusive\.txt:3: /],
    ],
    ['a list that does not exist', ['check', '--config', 'no-list.yaml', 'text.txt'], [/nowhere/]],
    ['a missing model', ['serve', '--config', 'model.yaml'], [/no-model/, /ERR_SLUICE_MODEL/]],
    ['a store in a missing folder', ['serve', '--config', 'no-folder.yaml'], [/no-folder.* does not exist/]],
    [
      'a store that is no database',
      ['serve', '--config', 'no-database.yaml'],
      [/not-a-database\.db/, /not a database/],
    ],
    ['a store that is a folder', ['serve', '--config', 'folder-database.yaml'], [/a-folder\.db/]],
    ['an unreadable text', ['check', '--config', 'light.yaml', 'none.txt'], [/none\.txt: does not exist/]],
    ['a folder as text', ['check', '--config', 'light.yaml', '.'], [/\.: is a folder/]],
    ['an unknown direction', ['check', '--direction', 'sideways'], [/sideways/, /input, output/]],
    [
      'a line that is not JSON',
      ['check', '--config', 'light.yaml', '--jsonl', 'text.txt'],
      [/text\.txt:1: is not JSON/],
    ],
  ])('%s', async (_name, args, expected) => {
    const { code, stdout, stderr } = await runSluice(args, { cwd: folder.path });
    for (const pattern of expected) expect(stderr).toMatch(pattern);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const args = ['serve', '--config', 'light.yaml', '--listen', address];
    const { code, stderr } = await runSluice(args, { cwd: folder.path }).finally(() => other.close());
    expect(stderr).toMatch(`cannot listen on ${address}: another process listens there already`);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });

  it('an admin token that could be guessed', async () => {
    const env = { SLUICE_ADMIN_TOKEN: 'short' };
    const { code, stderr } = await runSluice(['serve', '--config', 'light.yaml'], { cwd: folder.path, env });
    expect(stderr).toMatch(/SLUICE_ADMIN_TOKEN: must hold at least 16/);
    expect(stderr).not.toContain('short');
    expect(code).toBe(2);
  });

  // Root may write to every file.
  (process.getuid?.() === 0 ? it.skip : it)('a store that may not be written', async () => {
    chmodSync(folder.write('read-only.db', ''), 0o444);
    folder.write('read-only.yaml', `${LIGHT}store: "sqlite:./read-only.db"\n`);
    const { code, stderr } = await runSluice(['serve', '--config', 'read-only.yaml'], { cwd: folder.path });
    expect(stderr).toMatch(/read-only\.db/);
    expect(code).toBe(2);
  });
});
