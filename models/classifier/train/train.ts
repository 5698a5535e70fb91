import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../../../src/commands/eval-random.js';
import { loadLexicon } from '../../../src/lexicon/index.js';
import { augment } from './augment.js';
import { calibrate, calibrated } from './calibrate.js';
import { compareBaseline, trainBaseline } from './compare-baseline.js';
import { describeModel, type Metrics } from './describe-model.js';
import { type Example, ExampleMaker } from './examples.js';
import { finalWeights } from './final-weights.js';
import { Network } from './network.js';
import { USUAL_NETWORK } from './network-options.js';
import { type Row, readRows, readSeeds, readSources, type Tier } from './read-rows.js';
import { anyReport, benignReport, categoryReport, recallReport, type ScoredRow } from './report.js';
import { chooseThresholds, type JudgedRow, type Thresholds } from './thresholds.js';
import { trainNetwork } from './train-network.js';
import { loadWordVectors } from './word-vectors.js';
import { writeModel } from './write-model.js';
import { writeThresholds } from './write-thresholds.js';

/** A source of this many rows weighs as it is; smaller ones weigh more per row, larger ones less. */
const USUAL_ROWS = 1000;
/** Weight of seed rows beside what their number gives: 1 ranks contrast pairs worse, 2.5 costs half a point on unseen sources. */
const SEED_WEIGHT = 1.75;
const MAX_UNITS = 600;
/** A category with fewer training positives never blocks. */
const TRUSTED_POSITIVES = 300;

const TIERS: readonly string[] = ['permissive', 'copyleft', 'all'];

interface Options {
  readonly data: string;
  readonly tier: Tier;
  readonly rows: number;
  readonly epochs: number;
  readonly seed: number;
  /** Folder whose `node_modules` holds the optional packages. */
  readonly packages: string;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      tier: { type: 'string', default: 'permissive' },
      rows: { type: 'string', default: '5000' },
      epochs: { type: 'string', default: '4' },
      seed: { type: 'string', default: '1' },
      packages: { type: 'string', default: __dirname },
    },
  });
  const { data, tier } = values;
  if (data === undefined) throw new Error('--data DIR is required: the folder that holds sources.json');
  if (!TIERS.includes(tier)) throw new Error(`--tier must be one of ${TIERS.join(', ')}`);
  return {
    data,
    tier: tier as Tier,
    rows: Number(values.rows),
    epochs: Number(values.epochs),
    seed: Number(values.seed),
    packages: values.packages,
  };
}

function log(message: string): void {
  process.stderr.write(`${message}\n`);
}

async function main(): Promise<void> {
  const options = readOptions();
  const random = new Random(options.seed);
  const rows = readRows({ ...options, trainRows: options.rows, devRows: 5000, maxUnits: MAX_UNITS });
  // Thresholds are chosen on harmless rows of all sources: nothing is trained on them.
  const others = readRows({ ...options, tier: 'all', trainRows: 0, devRows: 1500, maxUnits: MAX_UNITS });
  const seeds = readSeeds(join(__dirname, '../seed'));
  const trainRows = [...rows.filter((row) => row.split === 'train'), ...seeds.filter((row) => row.split === 'train')];
  const devRows = [...rows, ...seeds].filter((row) => row.split === 'dev');
  const vectors = loadWordVectors(options.packages);
  log(`${trainRows.length} training rows (${seeds.length} seeds), ${devRows.length} dev rows, tier ${options.tier}`);
  log(vectors === undefined ? 'no word vectors installed: words start unknown' : 'word vectors found');

  const maker = new ExampleMaker(loadLexicon({ lists: ['builtin'], baseDir: '.' }));
  const train = [...trainRows, ...augment(trainRows, random)].map((row) => maker.example(row));
  const rowsOf = countSources(train.map(({ row }) => row));
  const sourceWeight = ({ row }: Example): number =>
    Math.min(2, Math.sqrt(USUAL_ROWS / (rowsOf.get(row.source) ?? USUAL_ROWS)));
  const network = new Network(USUAL_NETWORK, random, vectors);
  const started = Date.now();
  trainNetwork(network, train, {
    epochs: options.epochs,
    random,
    weightOf: (example) => sourceWeight(example) * (example.row.template === undefined ? 1 : SEED_WEIGHT),
    onProgress: (done, loss) => {
      const seconds = (Date.now() - started) / 1000;
      const left = Math.round((seconds / done) * (1 - done));
      process.stderr.write(`\r${(done * 100).toFixed(0)} %, loss ${loss.toFixed(3)}, ${left} s left   `);
    },
  });
  log('');
  // Without seeds, changed copies and lists: what plain data gives.
  const baseline = trainBaseline(
    train.slice(0, trainRows.length).filter(({ row }) => row.template === undefined),
    random,
    sourceWeight,
  );

  const scoreRow = (row: Row): ScoredRow => {
    const example = maker.example(row);
    return { row, targets: example.targets, weights: example.weights, logits: [...network.forward(example)] };
  };
  const scored = devRows.map(scoreRow);
  const testing = scored.filter((_, at) => at % 2 === 1);
  const calibrations = calibrate(scored.filter((_, at) => at % 2 === 0));
  const judge = ({ row, logits, targets }: ScoredRow): JudgedRow => ({
    row,
    targets,
    probabilities: calibrations.map((each, at) => calibrated(each, logits, at)),
  });
  const known = new Set(devRows.map(({ source }) => source));
  const unseen = others.filter((row) => row.any === 0 && !known.has(row.source)).map(scoreRow);
  const judged = [...scored, ...unseen].map(judge);
  const benign = judged.filter(({ row }) => row.any === 0);
  const trusted = countPositives(train).map((count) => count >= TRUSTED_POSITIVES);
  const thresholds = {
    input: chooseThresholds(judged, 'input', trusted),
    output: chooseThresholds(judged, 'output', trusted),
  };
  const thresholdsOf = (row: Row): Thresholds => (row.role === 'output' ? thresholds.output : thresholds.input);
  const folder = join(__dirname, '..');
  await writeModel(folder, finalWeights(network, calibrations), {
    thresholds: jsonOf(thresholds),
    options: { ...options, data: undefined, packages: undefined },
  });
  writeThresholds(join(__dirname, '../../../src/policy/classifier-thresholds.ts'), thresholds);
  const sourceRows = countSources(trainRows);
  const unseeded = scored
    .filter(({ row }) => row.template === undefined)
    .map((each) => ({ ...each, logits: judge(each).probabilities }));
  const metrics: Metrics = {
    trainRows: train.length,
    seedRows: seeds.length,
    devRows: devRows.length,
    wordVectors: vectors !== undefined,
    any: anyReport(testing, calibrations, random),
    categories: categoryReport(testing, calibrations, random),
    recall: recallReport(scored, calibrations, thresholdsOf),
    benign: benignReport(benign, thresholdsOf),
    baseline: compareBaseline(
      unseeded,
      unseeded.map(({ row }) => baseline.forward(maker.input(row.text)).slice()),
      new Random(options.seed),
    ),
    calibrations,
  };
  writeFileSync(join(folder, 'metrics.json'), `${JSON.stringify(metrics, null, 2)}\n`);
  describeModel({
    folder,
    command: `npm run train -- --data DIR --tier ${options.tier} --rows ${options.rows} --epochs ${options.epochs} --seed ${options.seed}`,
    tier: options.tier,
    metrics,
    thresholds,
    sources: readSources(options).map((each) => ({
      ...each,
      rows: Math.min(options.rows, sourceRows.get(each.source) ?? 0),
    })),
  });
  log(JSON.stringify({ any: metrics.any, baseline: metrics.baseline }));
}

function countSources(rows: readonly Row[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { source } of rows) counts.set(source, (counts.get(source) ?? 0) + 1);
  return counts;
}

function countPositives(examples: readonly Example[]): number[] {
  return Array.from({ length: 10 }, (_, index) => examples.filter(({ targets }) => targets[index] === 1).length);
}

/** JSON knows no infinity: `null` says that the action is never taken. */
function jsonOf(thresholds: Readonly<Record<string, Thresholds>>): object {
  const finite = (values: readonly number[]): (number | null)[] =>
    values.map((each) => (Number.isFinite(each) ? each : null));
  return Object.fromEntries(
    Object.entries(thresholds).map(([direction, { flag, block }]) => [
      direction,
      { flag: finite(flag), block: finite(block) },
    ]),
  );
}

void main();
