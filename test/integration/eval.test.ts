import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { runSluice } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(120_000);

const folder = new TempFolder();
folder.write('abusive.txt', '[severity 1]\nunseen\n[severity 2]\nzorgblat\n[severity 4]\nblatzorg\n');
folder.write('crime.txt', '[severity 3]\nflimp\n');
const config = folder.write('c.yaml', 'lists: [./abusive.txt, ./crime.txt]\nclassifier: { enabled: false }\n');

interface Label {
  readonly text: string;
  readonly [key: string]: unknown;
}
const lines = (rows: readonly Label[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const violating = (text: string, labels: object, more: object = {}): Label => ({ text, labels, any: 1, ...more });
const harmless = (text: string, more: object = {}): Label => ({ text, labels: {}, any: 0, ...more });

folder.write(
  'data/first.jsonl',
  lines([
    violating('a zorgblat', { abusive: 1 }, { lang: 'en' }),
    violating('blatzorg flimp', { abusive: 1, crime: 1 }, { lang: 'en' }),
    violating('unseen', { abusive: 1, crime: 0 }, { lang: 'en' }),
    harmless('zorgblat, said the song', { lang: 'en' }),
    harmless('one', { lang: 'de' }),
    harmless('two', { lang: 'de' }),
    harmless('three', { lang: 'de', split: 'train' }),
    { text: 'who knows', labels: { abusive: 0 }, any: null, lang: 'de' },
  ]),
);
folder.write(
  'data/second.jsonl.gz',
  gzipSync(lines([harmless('blatzorg in the dictionary', { role: 'output', lang: '<i>' }), harmless('four')])),
);
folder.write('data/notes.txt', 'not data');

const run = (args: readonly string[]) =>
  runSluice(['eval', '--config', config, ...args], { cwd: folder.path, env: { NO_COLOR: '1' } });

describe('eval', () => {
  it('writes the figures that the table of decisions gives', async () => {
    const { code, stdout, stderr } = await run(['--data', 'data', '--json', 'out.json', '--html', 'out.html']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const figures = JSON.parse(folder.read('out.json'));
    expect(figures).toMatchObject({ data: 'data', split: 'dev', rows: 9, failed: 0, problems: 0 });
    // Scores of any: violating 0.75, 0.995, 0; harmless 0.75, 0.995, 0, 0, 0.
    const { micros, averagePrecisionInterval, ...any } = figures.any;
    expect(any).toEqual({
      name: 'any',
      rows: 8,
      positives: 3,
      benign: 5,
      averagePrecision: 0.4583, // thresholds 0.995: 1/2, 0.75: 2/4, 0: 3/8
      areaUnderCurve: 0.6333, // (3.5 + 4.5 + 1.5) / 15: equal scores count half
      precision: 0.5,
      recall: 0.6667,
      f1: 0.5714,
      falsePositiveRate: { flag: 0.4, block: 0.2 },
      recallAtOnePercent: 0,
    });
    expect(averagePrecisionInterval[0]).toBeLessThan(0.4583);
    expect(averagePrecisionInterval[1]).toBeGreaterThan(0.4583);
    expect(micros.p50).toBeGreaterThan(0);
    expect(micros.p99).toBeGreaterThanOrEqual(micros.p50);
    const [abusive, ...others] = figures.categories;
    expect(abusive).toMatchObject({ name: 'abusive', rows: 9, positives: 3, benign: 5, recall: 0.6667 });
    // Unknown in the first row: its other label says nothing of crime.
    expect(others.find(({ name }: Label) => name === 'crime')).toMatchObject({
      rows: 7,
      positives: 1,
      averagePrecision: 1,
      precision: 1,
      recall: 1,
      falsePositiveRate: { flag: 0, block: 0 },
    });
    expect(others[0]).toMatchObject({ name: 'bullying', rows: 5, positives: 0, averagePrecision: null, f1: null });
    expect(figures.sources).toMatchObject([
      { name: 'first', rows: 6, positives: 3, falsePositiveRate: { flag: 0.3333, block: 0 } },
      { name: 'second', rows: 2, positives: 0, averagePrecision: null, falsePositiveRate: { flag: 0.5, block: 0.5 } },
    ]);
    expect(figures.languages.map(({ name, rows }: Label) => [name, rows])).toEqual([
      ['<i>', 1],
      ['de', 2],
      ['en', 4],
      ['und', 1],
    ]);
    expect(figures.directions.map(({ name, rows }: Label) => [name, rows])).toEqual([
      ['input', 7],
      ['output', 1],
    ]);
    const any1 = stdout.split('\n').find((line) => line.startsWith('any'));
    expect(any1?.split(/\s+/).slice(0, 5)).toEqual(['any', '8', '3', '5', '0.458']);
  });

  it('takes the split, the side and so many rows of each source', async () => {
    await run(['--data', 'data', '--split', 'all', '--limit', '1', '--direction', 'output', '--json', 'few.json']);
    const { rows, sources, directions } = JSON.parse(folder.read('few.json'));
    expect(rows).toBe(2);
    expect(sources.map(({ name }: Label) => name)).toEqual(['first', 'second']);
    expect(directions.map(({ benign, positives }: Label) => [benign, positives])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    await run(['--data', 'data', '--split', 'train', '--json', 'train.json']);
    expect(JSON.parse(folder.read('train.json')).rows).toBe(1);
  });

  it('names bad lines, judges the others and exits with 2', async () => {
    folder.write('bad/a.jsonl', `${lines([harmless('zorgblat')])}{"text":"secret",\n\n{"text":"secret","any":2}\n`);
    folder.write('bad/b.jsonl.gz', gzipSync(lines([harmless('one')])).subarray(0, 20));
    const { code, stdout, stderr } = await run(['--data', 'bad']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^sluice: bad\/a\.jsonl:2: is not JSON\nsluice: bad\/a\.jsonl:4: "any" must be 0, 1 or null\nsluice: bad\/b\.jsonl\.gz: .+\n$/,
    );
    expect(stderr + stdout).not.toContain('secret');
    expect(stdout).toMatch(/^any +1 +0 +1 /m);
  });

  it.each([
    ['a folder that is not there', ['--data', 'none'], 'none: does not exist'],
    ['a file in place of a folder', ['--data', 'c.yaml'], 'c.yaml: is not a folder'],
    ['a folder without data', ['--data', '.'], '.: holds no .jsonl or .jsonl.gz file'],
    ['nothing of the split', ['--data', 'bare', '--split', 'train'], 'bare: no row of split train could be judged'],
    ['no place for a report', ['--data', 'data', '--html', 'none/x.html'], 'none/x.html: its folder does not exist'],
    ['a folder as report', ['--data', 'data', '--json', 'data'], 'data: is a folder'],
    ['no folder', [], "required option '--data <folder>'"],
    ['no number', ['--data', 'data', '--limit', '1e3'], 'must be a whole number'],
  ])('refuses %s', async (_name, args, message) => {
    folder.write('bare/a.jsonl', lines([harmless('one')]));
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('the report of eval', () => {
  const page = (): string => folder.read('out.html');
  beforeAll(() => run(['--data', 'data', '--html', 'out.html']));

  it('is well-formed, escapes names and needs nothing from elsewhere', () => {
    const html = page();
    expect(unclosed(html)).toEqual([]);
    expect(html).toContain('<th scope="row">&lt;i&gt;</th>');
    expect(html).not.toMatch(/https?:|url\(|@import|\b(?:src|href)=/);
    expect(html).not.toContain('dictionary');
  });

  it('labels every control', () => {
    for (const [control] of page().matchAll(/<(?:select|input)\b[^>]*>/g)) {
      const before = page().slice(0, page().indexOf(control));
      expect(before.lastIndexOf('<label')).toBeGreaterThan(before.lastIndexOf('</label>'));
    }
    expect(page().match(/<svg /g)).toHaveLength(11);
    expect(page().match(/<svg [^>]*role="img" aria-label="[^"]+"/g)).toHaveLength(11);
  });

  it('counts at the chosen threshold what the rows say', () => {
    const { elements, change } = openPage(page());
    change('category', { value: 'any', selectedIndex: 10 });
    change('slider', { value: '750' });
    expect(elements.get('precision')?.textContent).toBe('50.0 %');
    expect(elements.get('recall')?.textContent).toBe('66.7 %');
    expect(elements.get('false-positives')?.textContent).toBe('40.0 %');
    change('slider', { value: '751' });
    expect(elements.get('recall')?.textContent).toBe('33.3 %');
    // A list match of severity 1, which passes now, would be flagged from 0.5 down.
    change('slider', { value: '500' });
    expect(elements.get('recall')?.textContent).toBe('100.0 %');
    change('slider', { value: '501' });
    expect(elements.get('recall')?.textContent).toBe('66.7 %');
    change('side', { value: 'input' });
    change('category', { value: 'abusive', selectedIndex: 0 });
    change('number', { value: '0.9' });
    expect(elements.get('false-positives')?.textContent).toBe('0.00 %');
    expect(elements.get('said')?.textContent).toContain('Of 1000 harmless texts 0.0 would be flagged');
    expect(elements.get('config')?.textContent).toBe('policies:\n  default:\n    input: { abusive: { flag: 0.9 } }');
    expect(elements.get('curve-abusive .curve')?.attributes.get('d')).toMatch(/^M[\d. L]+$/);
  });
});

/** Tags that are not closed, or closed out of order. */
function unclosed(html: string): string[] {
  const bare = html.replace(/(<(script|style)\b[^>]*>)[\s\S]*?(<\/\2>)/g, '$1$3');
  const open: string[] = [];
  for (const [, end, name = '', own] of bare.matchAll(/<(\/?)([a-z][a-z0-9]*)\b(?:[^>"]|"[^"]*")*?(\/?)>/g)) {
    if (own === '/' || /^(?:meta|input)$/.test(name)) continue;
    if (end !== '/') open.push(name);
    else if (open.at(-1) === name) open.pop();
    else return [...open, `/${name}`];
  }
  return open;
}

/** As much of an element as the script of the page uses. */
class FakeElement {
  value = '';
  textContent = '';
  selectedIndex = 0;
  readonly attributes = new Map<string, string>();
  readonly listeners = new Map<string, () => void>();
  readonly classList = { toggle: () => undefined };
  constructor(readonly find: (selector: string) => FakeElement) {}
  querySelector = (selector: string): FakeElement => this.find(selector);
  setAttribute = (name: string, value: string): unknown => this.attributes.set(name, value);
  addEventListener = (event: string, listener: () => void): unknown => this.listeners.set(event, listener);
}

/** Runs the script of a page on elements that only remember. */
function openPage(html: string) {
  const elements = new Map<string, FakeElement>();
  const byId = (id: string): FakeElement => {
    const known = elements.get(id) ?? new FakeElement((selector) => byId(`${id} ${selector}`));
    elements.set(id, known);
    return known;
  };
  byId('data').textContent = /<script type="application\/json" id="data">([^<]*)</.exec(html)?.[1] ?? '';
  byId('side').value = 'both';
  byId('category').value = 'abusive';
  runInNewContext(/<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '', { document: { getElementById: byId } });
  const change = (id: string, to: Partial<FakeElement>): void => {
    Object.assign(byId(id), to);
    const { listeners } = byId(id);
    (listeners.get('input') ?? listeners.get('change'))?.();
  };
  return { elements, change };
}
