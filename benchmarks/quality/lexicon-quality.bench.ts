import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { areaUnderCurve } from '../../src/commands/eval-metrics.js';
import { CATEGORIES, type Category } from '../../src/core/index.js';
import { loadLexicon, scanText } from '../../src/lexicon/index.js';
import type { Benchmark, Measurement } from '../support/benchmark.js';

interface Row {
  readonly text: string;
  readonly lang: string;
  readonly any: 0 | 1 | null;
  readonly split: 'train' | 'dev';
  readonly labels: Partial<Record<Category, 0 | 1>>;
}

/** Rows that reached severity 1, 2 and 3, by index 0 to 2. */
type Reached = [number, number, number];

const LEVELS = [1, 2, 3] as const;
const TOP_FALSE_HITS = 25;

/**
 * The built-in lists alone. `--data DIR` names the data; `--split train` and `--lang en` narrow it; `--sources a,b` limits the list of
 * entries with most false hits.
 */
export const benchmark: Benchmark = {
  about:
    'What the built-in lists catch and let pass in labeled texts, per category, source and severity reached; needs --data DIR.',
  run: measureLexiconQuality,
};

/**
 * A category whose label is missing counts as absent only in rows that violate nothing. Per source: share of benign rows with a hit at
 * each severity, and how well the number of hits tells violating rows from benign ones. Entries that hit most benign rows are named by id.
 */
function measureLexiconQuality(args: readonly string[]): Measurement[] {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      split: { type: 'string', default: 'dev' },
      lang: { type: 'string' },
      sources: { type: 'string' },
    },
  });
  if (values.data === undefined) throw new Error('give the data folder: --data DIR');
  const wanted = values.sources?.split(',');
  const lexicon = loadLexicon({ lists: ['builtin'], baseDir: '.' });
  const categories = new Map(CATEGORIES.map((category) => [category, new CategoryCounts()]));
  const sources = new Map<string, SourceCounts>();
  const falseHits = new Map<string, { severity: number; rows: number }>();
  for (const [source, row] of readRows(values.data)) {
    if (row.split !== values.split || (values.lang !== undefined && row.lang !== values.lang)) continue;
    const detections = scanText(lexicon, row.text);
    const highest = new Map<Category, number>();
    for (const { category, severity } of detections)
      highest.set(category, Math.max(severity, highest.get(category) ?? 0));
    for (const [category, counts] of categories) {
      const label = row.labels[category] ?? (row.any === 0 ? 0 : undefined);
      if (label !== undefined) counts.add(label, highest.get(category) ?? 0);
    }
    if (row.any === null) continue;
    const counts = sources.get(source) ?? new SourceCounts();
    sources.set(source, counts);
    counts.add(row.any, detections.length, Math.max(0, ...highest.values()));
    if (row.any === 1 || (wanted !== undefined && !wanted.includes(source))) continue;
    const inRow = new Map(detections.map(({ termId, severity }) => [termId, severity]));
    for (const [id, severity] of inRow) falseHits.set(id, { severity, rows: (falseHits.get(id)?.rows ?? 0) + 1 });
  }
  return [
    measurementOf('built-in lists', 'terms', lexicon.size),
    ...[...categories].flatMap(([category, counts]) => counts.report(category)),
    ...[...sources].flatMap(([source, counts]) => counts.report(`source ${source}`)),
    ...[1, 2, 3, 4].flatMap((severity) => topFalseHits(falseHits, severity)),
  ];
}

function measurementOf(name: string, metric: string, value: number, unit = 'count'): Measurement {
  return { case: name, metric, value, unit, ratios: {} };
}

/** One share for each severity; a share of nothing is left out. */
function sharesOf(name: string, metric: string, shares: readonly number[]): Measurement[] {
  return shares.flatMap((share, index) =>
    Number.isFinite(share) ? [measurementOf(name, `${metric}, severity ${index + 1} up`, share, 'of 1')] : [],
  );
}

class CategoryCounts {
  #positives = 0;
  #negatives = 0;
  readonly #found: Reached = [0, 0, 0];
  readonly #falsely: Reached = [0, 0, 0];

  add(label: 0 | 1, severity: number): void {
    if (label === 1) this.#positives += 1;
    else this.#negatives += 1;
    reach(label === 1 ? this.#found : this.#falsely, severity);
  }

  report(name: string): Measurement[] {
    const precision = this.#found.map((found, index) => found / (found + (this.#falsely[index] ?? 0)));
    return [
      measurementOf(name, 'positives', this.#positives),
      measurementOf(name, 'negatives', this.#negatives),
      ...sharesOf(
        name,
        'recall',
        this.#found.map((found) => found / this.#positives),
      ),
      ...sharesOf(name, 'precision', precision),
      ...sharesOf(
        name,
        'false hit rate',
        this.#falsely.map((hits) => hits / this.#negatives),
      ),
    ];
  }
}

class SourceCounts {
  readonly #benign: number[] = [];
  readonly #violating: number[] = [];
  readonly #flagged: Reached = [0, 0, 0];

  add(any: 0 | 1, hits: number, severity: number): void {
    (any === 1 ? this.#violating : this.#benign).push(hits);
    if (any === 0) reach(this.#flagged, severity);
  }

  report(name: string): Measurement[] {
    const counts = [...this.#violating, ...this.#benign];
    const labels = [...this.#violating.map(() => 1), ...this.#benign.map(() => 0)];
    const area = areaUnderCurve(counts, labels);
    return [
      measurementOf(name, 'benign', this.#benign.length),
      measurementOf(name, 'violating', this.#violating.length),
      ...sharesOf(
        name,
        'benign hit rate',
        this.#flagged.map((rows) => rows / this.#benign.length),
      ),
      ...(Number.isFinite(area) ? [measurementOf(name, 'area under curve of the hit count', area, 'of 1')] : []),
    ];
  }
}

function reach(counts: Reached, severity: number): void {
  for (const level of LEVELS) if (severity >= level) counts[level - 1] = (counts[level - 1] ?? 0) + 1;
}

function topFalseHits(hits: ReadonlyMap<string, { severity: number; rows: number }>, severity: number): Measurement[] {
  const some = [...hits].filter(([, hit]) => hit.severity === severity).sort(([, a], [, b]) => b.rows - a.rows);
  return some
    .slice(0, TOP_FALSE_HITS)
    .map(([id, { rows }]) => measurementOf(`false hits, severity ${severity}`, id, rows, 'benign rows'));
}

function* readRows(folder: string): Generator<[source: string, row: Row]> {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl.gz'))) {
    const lines = gunzipSync(readFileSync(join(folder, file)))
      .toString()
      .split('\n');
    for (const line of lines) if (line !== '') yield [file.replace('.jsonl.gz', ''), JSON.parse(line) as Row];
  }
}
