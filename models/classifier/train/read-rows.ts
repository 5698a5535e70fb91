import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expandSeeds } from './expand-seeds.js';

/** Source name of seed rows, before the language. */
export const SEED_SOURCE = 'seed';

/** One labelled text. A missing label is unknown. */
export interface Row {
  readonly text: string;
  readonly lang: string;
  readonly role: 'input' | 'output' | 'comment';
  readonly labels: Readonly<Record<string, number>>;
  readonly any: number | null;
  readonly split: 'train' | 'dev';
  /** Labels, or `any`, that are inferred or noisy. */
  readonly weak?: readonly string[];
  readonly source: string;
  /** Template and theme of a seed row: its split holds out whole templates. */
  readonly template?: string;
  readonly theme?: string;
}

/** Which sources count: without copyleft, with it, or whatever the terms. */
export type Tier = 'permissive' | 'copyleft' | 'all';

/** What to read. */
export interface ReadRowsOptions {
  readonly data: string;
  readonly tier: Tier;
  /** Most rows of one source, train and dev split. */
  readonly trainRows: number;
  readonly devRows: number;
  /** Longest text, UTF-16 units; the rest is cut off. */
  readonly maxUnits: number;
}

/** One data file, as `sources.json` describes it. */
export interface Source {
  readonly source: string;
  readonly file: string;
  readonly licence: string;
  readonly repo: string;
  readonly tier: string;
  readonly copyleft: boolean;
}

/** The sources of a tier. */
export function readSources({ data, tier }: Pick<ReadRowsOptions, 'data' | 'tier'>): Source[] {
  const { sources } = JSON.parse(readFileSync(join(data, 'sources.json'), 'utf8')) as { sources: Source[] };
  return sources.filter(
    (source) => tier === 'all' || (source.tier === 'permissive' && (tier === 'copyleft' || !source.copyleft)),
  );
}

/** Rows of every source of the tier, in an order that depends on the texts alone. */
export function readRows({ data, tier, trainRows, devRows, maxUnits }: ReadRowsOptions): Row[] {
  return readSources({ data, tier }).flatMap(({ source, file }) => {
    const rows = parseLines(gunzipSync(readFileSync(join(data, file))).toString('utf8'), source);
    const ordered = rows
      .map((row) => ({ row, key: createHash('md5').update(row.text).digest('hex') }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ row }) => ({ ...row, text: row.text.slice(0, maxUnits) }));
    const of = (split: Row['split'], most: number): Row[] =>
      ordered.filter((row) => row.split === split).slice(0, most);
    return [...of('train', trainRows), ...of('dev', devRows)];
  });
}

/** Rows of the seed corpus in `folder`, one source per language; none where there are no templates. */
export function readSeeds(folder: string): Row[] {
  if (!existsSync(join(folder, 'templates'))) return [];
  return expandSeeds(folder).map((row) => ({ ...row, source: `${SEED_SOURCE}_${row.lang}` }));
}

function parseLines(text: string, source: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ ...(JSON.parse(line) as Row), source }));
}
