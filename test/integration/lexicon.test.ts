import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSluice } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(120_000);

const folder = new TempFolder();
folder.write('en/abusive.txt', '[severity 3]\nzorgblat | id en/zorg\nkuttle | near storm\n');
folder.write('twice/abusive.txt', 'blip\nblip | severity 1\n');
folder.write('bad/abusive.txt', 'blip\n{a\nb | colour: red\n');
folder.write('words.txt', 'quux\n{literal}\n');
const LIGHT = 'classifier: { enabled: false }\nstore: none\n';
folder.write(
  'c.yaml',
  `${LIGHT}lists:
  - ./en
  - { path: ./words.txt, category: crime, severity: 4, format: plain }
  - { inline: "!zorgblat city", category: abusive }
lexicon: { override: [{ id: en/zorg, category: bullying }] }
`,
);
folder.write('unknown.yaml', `${LIGHT}lists: [./en]\nlexicon: { disable: [en/zorf] }\n`);

const run = (args: string[], input = '') => runSluice(['lexicon', ...args], { cwd: folder.path, input });

describe('sluice lexicon', () => {
  it.each<[string, string[], number, RegExp[]]>([
    [
      'lint of good lists',
      ['lint', '--config', 'c.yaml', '--strict'],
      0,
      [/^3 lists, 4 entries: 0 errors, 0 warnings$/m],
    ],
    [
      'lint with warnings',
      ['lint', 'twice'],
      0,
      [/abusive\.txt:2: warning: "blip" repeats .*:1 \[duplicate\]/, /1 warning/],
    ],
    ['lint --strict', ['lint', '--strict', 'twice'], 1, [/1 list, 2 entries: 0 errors, 1 warning$/m]],
    [
      'lint with errors, and the warnings of the other lists',
      ['lint', 'bad', 'twice', 'nowhere'],
      2,
      [
        /bad\/abusive\.txt:2: /,
        /bad\/abusive\.txt:3: /,
        /nowhere:0: cannot be read/,
        /\[duplicate\]/,
        /3 errors, 1 warning/,
      ],
    ],
    [
      'lint of an unknown id',
      ['lint', '--config', 'unknown.yaml'],
      2,
      [/unknown\.yaml: lexicon\.disable\[0\]: .*'en\/zorg'\?/],
    ],
    [
      'stats of an unknown id',
      ['stats', '--config', 'unknown.yaml'],
      2,
      [/ERR_SLUICE_CONFIG: unknown\.yaml/, /'en\/zorg'\?/],
    ],
    [
      'stats',
      ['stats', '--config', 'c.yaml'],
      0,
      [/4 entries, 4 terms, 1 condition phrases, 1 allow-phrases/, /^und +crime +4 +2/m],
    ],
    [
      'explain of a hit',
      ['explain', '--config', 'c.yaml', 'the Z0rgblat'],
      0,
      [
        /\[4,12\) "Z0rgblat"/,
        /en\/zorg, .*abusive\.txt:2: "zorgblat", bullying, severity 3/,
        /case, leet/,
        /score 0\.97: block/,
      ],
    ],
    [
      'explain of what is void',
      ['explain', '--config', 'c.yaml', 'zorgblat city: a kuttle'],
      0,
      [
        /allow-phrase "zorgblat city" at \[0,13\), lists\[2\]\.inline:1/,
        /none of "storm" within 60 /,
        /verdict for input: allow/,
      ],
    ],
    [
      'explain of a term with braces of a plain list',
      ['explain', '--config', 'c.yaml', 'a literal'],
      0,
      [/block crime 0\.99/],
    ],
    ['explain without a text', ['explain'], 2, [/missing required argument 'text'/]],
  ])('%s', async (_name, args, exitCode, expected) => {
    const { code, stdout, stderr } = await run(args);
    for (const pattern of expected) expect(stdout + stderr).toMatch(pattern);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(exitCode);
  });

  it('explain says what README.md shows', async () => {
    const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
    folder.write('readme/en/abusive.txt', '[severity 3]\nzorgblat\nblip | near storm\n!zorgblat city\n');
    folder.write('readme.yaml', `${LIGHT}lists: [./readme]\n`);
    const { stdout } = await run(['explain', '--config', 'readme.yaml', 'The Z0rgblát of zorgblat city, a blip']);
    expect(readme).toContain(stdout.replaceAll(join(folder.path, 'readme'), '/etc/sluice'));
  });

  it('explain --json reads standard input and judges the side that is asked for', async () => {
    const { code, stdout } = await run(
      ['explain', '--config', 'c.yaml', '--direction', 'output', '--json', '-'],
      'q-u-u-x\n',
    );
    const { matches, verdict } = JSON.parse(stdout);
    expect(matches).toEqual([
      expect.objectContaining({
        category: 'crime',
        severity: 4,
        span: { start: 0, end: 7 },
        folds: ['joined by marks'],
        outcome: { kind: 'counts' },
        action: 'block',
      }),
    ]);
    expect(verdict.action).toBe('block');
    expect(code).toBe(0);
  });

  it('stats --json holds the counts and the time to build', async () => {
    const { stdout } = await run(['stats', '--config', 'c.yaml', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      entries: 4,
      buildMs: expect.any(Number),
      states: { plain: expect.any(Number) },
    });
  });
});
