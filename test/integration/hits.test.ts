import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { HitEraser, openDatabase, subjectId } from '../../src/store/index.js';
import { hitEntry } from '../support/hit-entry.js';
import { hitLog } from '../support/hit-log.js';
import { quiet } from '../support/quiet.js';
import { runSluice, ServeProcess } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(120_000);

const folder = new TempFolder();
const ENV = { SLUICE_SUBJECT_KEY: 'a key of the tests' };
const alice = subjectId(Buffer.from(ENV.SLUICE_SUBJECT_KEY), 'alice');
let count = 0;
let home: string;
let file: string;

const hits = (...args: string[]) => runSluice(['hits', ...args, '--config', 'c.yaml'], { cwd: home, env: ENV });
const open = async () => (await openDatabase({ store: `sqlite:${file}`, logger: quiet }))!;

beforeEach(async () => {
  count += 1;
  home = join(folder.path, String(count));
  file = join(home, 'a.db');
  folder.write(`${count}/c.yaml`, 'store: "sqlite:./a.db"\nclassifier: { enabled: false }\nretention: { days: 30 }\n');
  const database = await open();
  const log = hitLog(database);
  const timeMs = Date.UTC(2030, 0, 1);
  log.record(hitEntry('r1', { timeMs, subject: alice, field: '=cmd("zorg")' }));
  log.record(hitEntry('r2', { timeMs: timeMs + 86_400_000, applied: 'allow', mode: 'shadow' }));
  log.record(hitEntry('r3', { timeMs: 0 }));
  await log.close();
  await database.close();
});

describe('sluice hits', () => {
  it('lists, filters, shows and counts', async () => {
    const list = await hits('list');
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout.split('\n')).toHaveLength(5);
    expect(list.stdout).toMatch(/2030-01-02T00:00:00.000Z .* allow \(shadow: block\) /);
    const found = await hits('list', '--subject', 'alice', '--since', '2029-12-31', '--category', 'abusive', '--json');
    expect(JSON.parse(found.stdout)).toMatchObject({ requestId: 'r1', subject: alice });
    const shown = await hits('show', 'r1');
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('term         en/abusive/00000001\n');
    expect(await hits('show', 'nobody')).toMatchObject({ code: 1 });
    const stats = await hits('stats', '--since', '2029-12-31');
    expect(stats.stdout.split('\n').slice(1)).toEqual([
      '2030-01-01  abusive     1      0     0       0      1',
      '2030-01-02  abusive     1      1     0       0      0',
      '',
    ]);
  });

  it('exports CSV that no spreadsheet runs, and JSON lines', async () => {
    const csv = (await hits('export', '--format', 'csv')).stdout.split('\r\n');
    expect(csv).toHaveLength(5);
    expect(csv[0]).toMatch(/^id,time,request_id,subject,/);
    expect(csv[1]).toContain(`"'=cmd(""zorg"")"`);
    const lines = (await hits('export', '--until', '2029-12-31')).stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).requestId)).toEqual(['r3']);
  });

  it('verifies: whole, then changed, then against saved heads', async () => {
    const whole = await hits('verify', '--save-heads', 'heads.jsonl');
    expect(whole).toMatchObject({ code: 0, stderr: '' });
    expect(whole.stdout).toMatch(/1 chains, 3 rows: the record is whole\n$/);
    expect(JSON.parse(readFileSync(join(home, 'heads.jsonl'), 'utf8'))).toMatchObject({ seq: 3 });
    const database = new Sqlite(file);
    database.exec('DELETE FROM hits WHERE seq = 3');
    database.exec('UPDATE writers SET head_seq = 2, head_hash = (SELECT hash FROM hits WHERE seq = 2)');
    expect(await hits('verify')).toMatchObject({ code: 0 });
    const cut = await hits('verify', '--heads', 'heads.jsonl');
    expect(cut.code).toBe(1);
    expect(cut.stdout).toMatch(/NOT WHOLE\n {2}[a-z0-9]{10}-3: missing\n/);
    database.exec("UPDATE hits SET applied = 'allow' WHERE seq = 1");
    database.close();
    const changed = await hits('verify', '--json');
    expect(changed.code).toBe(1);
    expect(JSON.parse(changed.stdout)).toMatchObject({ problems: [{ kind: 'changed', seq: 1, lastSeq: 1 }] });
    expect(await hits('verify', '--heads', 'c.yaml')).toMatchObject({ code: 2, stderr: /c\.yaml:1: is no head/ });
  });

  it('forgets a subject, down to the bytes of the file, and stays whole', async () => {
    expect(readFileSync(file).includes(alice)).toBe(true);
    const forgotten = await runSluice(['hits', 'forget', '-', '--config', 'c.yaml'], {
      cwd: home,
      env: ENV,
      input: 'alice\n',
    });
    expect(forgotten).toMatchObject({ code: 0, stdout: '1 hit erased\n' });
    expect(readFileSync(file).includes(alice)).toBe(false);
    expect((await hits('list')).stdout).not.toContain('r1');
    expect(await hits('verify')).toMatchObject({ code: 0 });
    expect((await hits('forget', 'alice')).stdout).toBe('0 hits erased\n');
  });

  it('expires what is too old, by hand and in the proxy', async () => {
    const served = await ServeProcess.start(['--config', 'c.yaml', '--listen', '127.0.0.1:0'], { cwd: home, env: ENV });
    const database = await open();
    await until(async () => (await database.all('SELECT 1 FROM hits WHERE time_ms = 0')).length === 0);
    served.signal('SIGTERM');
    expect(await served.exited()).toBe(0);
    expect(await hits('verify')).toMatchObject({ code: 0 });
    expect((await hits('expire')).stdout).toBe('0 hits erased\n');
    expect(await new HitEraser(database).expire([], 0)).toBe(0);
    await database.close();
  });

  it.each([
    ['a moment that is none', ['list', '--since', 'yesterday'], /such as 2024-05-31/],
    ['a category that is none', ['list', '--category', 'zorg'], /Allowed choices are abusive/],
    ['a limit that is none', ['list', '--limit', '0'], /whole number/],
    ['an empty subject', ['forget', ' - '.trim()], /The subject is empty/],
  ])('refuses %s', async (_, args, message) => {
    const { code, stderr } = await hits(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('says what is missing: the record, the secret, the store', async () => {
    folder.write(`${count}/none.yaml`, 'store: none\n');
    folder.write(`${count}/other.yaml`, 'store: "sqlite:./other.db"\n');
    const run = (config: string) => runSluice(['hits', 'list', '--config', config], { cwd: home, env: ENV });
    expect(await run('none.yaml')).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no record') });
    expect(await run('other.yaml')).toMatchObject({ code: 2, stderr: expect.stringContaining('other.db') });
    const keyless = await runSluice(['hits', 'forget', 'alice', '--config', 'c.yaml'], {
      cwd: home,
      env: { SLUICE_SUBJECT_KEY: '' },
    });
    expect(keyless).toMatchObject({ code: 2, stderr: expect.stringContaining('SLUICE_SUBJECT_KEY: must be set') });
  });
});
