import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CATEGORIES } from '../../src/core/index.js';
import { runSluice } from '../support/sluice-process.js';
import { stagedPackage } from '../support/staged-package.js';
import { TempFolder } from '../support/temp-folder.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(120_000);

const folder = new TempFolder();
folder.write('abusive.txt', '[severity 3]\nzorgblat | id zorg\n[severity 4]\nblatzorg\n');
const config = folder.write('c.yaml', 'lists: [./abusive.txt]\nclassifier: { enabled: false }\n');
const check = (args: string[], input: string | Buffer = '') =>
  runSluice(['check', '--config', config, ...args], { cwd: folder.path, input });
const records = (stdout: string) =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('check --jsonl', () => {
  it('writes one line per record, in order, in the documented shape', async () => {
    const input = [
      { id: 1, text: 'hello' },
      { id: 'two', text: 'a zorgblat here', direction: 'output' },
      { text: 'a zorgblat here' },
      { id: null, text: 'blatzorg' },
    ];
    const { code, stdout, stderr } = await check(
      ['--jsonl'],
      input.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    const written = records(stdout);
    expect(written.map(({ id, action, flagged }) => [id, action, flagged])).toEqual([
      [1, 'allow', false],
      ['two', 'redact', true],
      [3, 'flag', true],
      [null, 'block', true],
    ]);
    expect(Object.keys(written[0])).toEqual(['id', 'action', 'flagged', 'categories', 'hits']);
    expect(Object.keys(written[0].categories)).toEqual([...CATEGORIES]);
    expect(written[1].hits).toEqual([
      { category: 'abusive', source: 'lexicon', score: 0.97, start: 2, end: 10, term: expect.stringContaining('zorg') },
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(1);
  });

  it.each([
    [
      'the direction of the command line holds where a record has none',
      ['--direction', 'output'],
      'zorgblat',
      'redact',
    ],
    ['input is the direction when nothing else is said', [], 'zorgblat', 'flag'],
  ])('%s', async (_name, args, text, action) => {
    const { code, stdout } = await check(['--jsonl', ...args], JSON.stringify({ text }));
    expect(records(stdout)[0].action).toBe(action);
    expect(code).toBe(0);
  });

  it('names bad lines with file and line, goes on, and exits with 2', async () => {
    folder.write('a.jsonl', '{"id":1,"text":"blatzorg"}\nnope\n\n{"id":2,"text":5}\n{"id":3,"text":"x"}');
    folder.write('b.jsonl', `\uFEFF{"id":4,"text":"x"}\r\n${'nope\n'.repeat(30)}`);
    const { code, stdout, stderr } = await check(['--jsonl', 'a.jsonl', 'b.jsonl', '-'], '{"id":5,"text":"x"}');
    expect(records(stdout).map(({ id }) => id)).toEqual([1, 3, 4, 5]);
    expect(stderr).toContain('sluice: a.jsonl:2: is not JSON\nsluice: a.jsonl:4: needs a string "text"\n');
    expect(stderr).toContain('sluice: b.jsonl:2: is not JSON\n');
    expect(stderr).toMatch(/sluice: 12 more problems\n$/);
    expect(code).toBe(2);
  });

  it('ends quietly when nobody reads the rest', async () => {
    const file = folder.write('long.jsonl', '{"text":"hello"}\n'.repeat(50_000));
    const child = spawn(process.execPath, [
      join(stagedPackage(), 'dist/cli.js'),
      'check',
      '--config',
      config,
      '--jsonl',
      file,
    ]);
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'exit');
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

describe('check', () => {
  it('prints a line per finding and a summary', async () => {
    folder.write('a.txt', 'hello\nwhat a zorgblat\n\na blatzorg, zorgblat\n');
    const { code, stdout, stderr } = await check(['a.txt']);
    expect(stdout).toBe('a.txt:2: flag abusive 0.97 (lexicon)\na.txt:4: block abusive 0.99 (lexicon)\n');
    expect(stderr).toBe('3 checked: 1 blocked, 0 redacted, 1 flagged\n');
    expect(code).toBe(1);
  });

  it('reads standard input when no file is named, and leaves no record behind', async () => {
    const { code, stdout } = await runSluice(['check', '--config', config], { cwd: folder.path, input: 'hello\r\n' });
    expect(stdout).toBe('');
    expect(code).toBe(0);
    expect(() => folder.read('sluice.db')).toThrow();
  });
});
