import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { CATEGORIES, type Category, isCategory } from '../../../src/core/index.js';
import {
  fillingsOf,
  foldForComparison,
  hashText,
  MAX_EXPANSIONS,
  parseTemplateFile,
  type Slots,
} from './seed-grammar.js';

/** One training sentence, in the row format of the data files, with what a split by template or theme needs. */
export interface SeedRow {
  readonly text: string;
  readonly lang: string;
  readonly role: 'input' | 'output' | 'comment';
  /** 1 or 0 per id; an id that the author was not sure of is missing. */
  readonly labels: Readonly<Partial<Record<Category, 0 | 1>>>;
  readonly any: 0 | 1;
  readonly split: 'train' | 'dev';
  readonly template: string;
  readonly theme: string;
}

/** Ids that a positive of the key leaves open unless the header says otherwise: the clauses overlap there. */
const LEFT_OPEN: Readonly<Partial<Record<Category, readonly Category[]>>> = {
  abusive: ['bullying', 'harassment'],
  bullying: ['abusive', 'harassment'],
  harassment: ['bullying', 'abusive', 'violence', 'crime'],
  discrimination: ['abusive', 'harassment', 'bullying'],
  sexual: ['abusive', 'harassment'],
  violence: ['harassment', 'crime', 'abusive'],
  minors: ['sexual', 'crime', 'harassment', 'violence', 'abusive'],
  minor_persona: ['minors'],
  crime: ['violence', 'harassment'],
  impersonation: ['crime'],
};
const ROLES = ['input', 'output', 'comment'] as const;
/** One template in this many is kept for dev. */
const DEV_SHARE = 10;

interface Meaning extends Pick<SeedRow, 'theme' | 'role' | 'labels' | 'any'> {
  readonly limit: number;
}

/** Reads `theme role ok x3` or `theme role id id? id-`: positive, left open, surely negative; `x3` is the most rows per template. */
function readHeader(header: readonly string[], where: string): Meaning {
  const [theme, role, ...rest] = header;
  const marks = rest.filter((mark) => !/^x\d+$/u.test(mark));
  const limit = Math.min(MAX_EXPANSIONS, Number(rest.find((mark) => /^x\d+$/u.test(mark))?.slice(1) ?? MAX_EXPANSIONS));
  const known = ROLES.find((candidate) => candidate === role);
  if (theme === undefined || known === undefined || marks.length === 0) {
    throw new Error(`${where}: write [theme role ok] or [theme role id ...], role one of ${ROLES.join(', ')}`);
  }
  const ids = marks.filter((mark) => mark !== 'ok').map((mark) => ({ id: mark.replace(/[?-]$/u, ''), mark }));
  const stray = ids.find(({ id }) => !isCategory(id));
  if (stray !== undefined) throw new Error(`${where}: ${stray.id} is none of the ten category ids`);
  const named = new Map(ids.map(({ id, mark }) => [id, mark]));
  const positives = CATEGORIES.filter((category) => named.get(category) === category);
  if (marks.includes('ok') === positives.length > 0) throw new Error(`${where}: either ok or at least one positive id`);
  const open = new Set(positives.flatMap((category) => LEFT_OPEN[category] ?? []));
  const labels: Partial<Record<Category, 0 | 1>> = {};
  for (const category of CATEGORIES) {
    const mark = named.get(category);
    if (mark === category) labels[category] = 1;
    else if (mark?.endsWith('-') === true || (mark === undefined && !open.has(category))) labels[category] = 0;
  }
  return { theme, role: known, labels, any: positives.length > 0 ? 1 : 0, limit };
}

/** The rows of one template file, in file order. */
export function expandFile(content: string, file: { name: string; lang: string }, inherited?: Slots): SeedRow[] {
  const { slots, templates } = parseTemplateFile(content, file.name, inherited);
  return templates.flatMap(({ header, text, line }) => {
    const where = `${file.name}:${line}`;
    const { limit, ...meaning } = readHeader(header, where);
    const id = `${file.name.replace(/\.txt$/u, '')}:${hashText(text).toString(16).padStart(8, '0')}`;
    const split = hashText(`split ${id}`) % DEV_SHARE === 0 ? 'dev' : 'train';
    return fillingsOf(text, slots, where, limit).map((filling) => ({
      text: filling(text),
      lang: file.lang,
      ...meaning,
      split,
      template: id,
    }));
  });
}

/**
 * Every seed sentence once (compared after folding), from `templates/<lang>/*.txt` and the plain `*.jsonl` of the seed folder.
 * `templates/<lang>/shared.txt` holds fillers for all files beside it. Deterministic: same files, same rows in the same order.
 * @throws {Error} for a malformed line, and when the same sentence is harmful in one place and harmless in another.
 */
export function expandSeeds(seedDir: string): readonly SeedRow[] {
  const rows: SeedRow[] = [];
  const templateDir = join(seedDir, 'templates');
  for (const lang of readdirSync(templateDir).sort()) {
    const names = readdirSync(join(templateDir, lang)).sort();
    const read = (name: string): string => readFileSync(join(templateDir, lang, name), 'utf8');
    const shared = names.includes('shared.txt')
      ? parseTemplateFile(read('shared.txt'), `${lang}/shared.txt`).slots
      : undefined;
    for (const name of names.filter((candidate) => candidate !== 'shared.txt')) {
      rows.push(...expandFile(read(name), { name: `${lang}/${name}`, lang }, shared));
    }
  }
  const plain = readdirSync(seedDir).filter((name) => name.endsWith('.jsonl'));
  for (const name of plain.sort()) rows.push(...readPlainRows(join(seedDir, name), name));
  return distinct(rows);
}

function readPlainRows(file: string, name: string): SeedRow[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      if (line === '') return [];
      try {
        return [JSON.parse(line) as SeedRow];
      } catch (cause) {
        throw new Error(`${name}:${index + 1}: not one JSON object a line`, { cause });
      }
    });
}

function distinct(rows: readonly SeedRow[]): readonly SeedRow[] {
  const first = new Map<string, SeedRow>();
  for (const row of rows) {
    const key = foldForComparison(row.text);
    const known = first.get(key);
    if (known === undefined) first.set(key, row);
    else if (known.any !== row.any) {
      throw new Error(
        `the same sentence is harmful in one template and harmless in another: ${known.template}, ${row.template}`,
      );
    }
  }
  return [...first.values()];
}

/** Counts per language and id, positives and harmless rows, for a look at the balance. */
function describeRows(rows: readonly SeedRow[]): string {
  const counts: Record<string, Record<string, number>> = {};
  for (const row of rows) {
    counts[row.lang] ??= {};
    const cells = counts[row.lang] ?? {};
    const positives = CATEGORIES.filter((category) => row.labels[category] === 1);
    for (const key of ['rows', row.any === 1 ? 'harmful' : 'harmless', row.role, ...positives])
      cells[key] = (cells[key] ?? 0) + 1;
  }
  const columns = ['rows', 'harmful', 'harmless', ...ROLES, ...CATEGORIES];
  const lines = Object.entries(counts).map(([lang, cells]) =>
    [lang, ...columns.map((column) => cells[column] ?? 0)].join('\t'),
  );
  const templates = new Set(rows.map((row) => row.template)).size;
  return [`${rows.length} rows, ${templates} templates`, ['lang', ...columns].join('\t'), ...lines].join('\n');
}

/** Ids of the templates that give a sentence of the data files in `dataDir` (compared after folding), each with the file. */
function findCopies(rows: readonly SeedRow[], dataDir: string): string[] {
  const templates = new Map(rows.map(({ text, template }) => [foldForComparison(text), template]));
  return readdirSync(dataDir)
    .filter((name) => name.endsWith('.jsonl.gz'))
    .flatMap((name) =>
      gunzipSync(readFileSync(join(dataDir, name)))
        .toString()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => templates.get(foldForComparison((JSON.parse(line) as { text: string }).text)))
        .filter((template) => template !== undefined)
        .map((template) => `${template} gives a row of ${name}`),
    );
}

if (require.main === module) {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: join(__dirname, '../seed') },
      out: { type: 'string' },
      data: { type: 'string' },
    },
  });
  const rows = expandSeeds(values.seeds);
  if (values.out !== undefined) writeFileSync(values.out, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  console.log(describeRows(rows));
  if (values.data !== undefined) {
    const copies = findCopies(rows, values.data);
    console.log(copies.length === 0 ? 'no seed sentence is a row of the data' : copies.join('\n'));
    process.exitCode = copies.length === 0 ? 0 : 1;
  }
}
