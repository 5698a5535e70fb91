import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readContrastPairs } from '../../../benchmarks/quality/contrast/contrast-pairs.js';
import { areaUnderCurve, averagePrecision, recallAtRate } from '../../../src/commands/eval-metrics.js';
import { Random } from '../../../src/commands/eval-random.js';
import { CATEGORIES } from '../../../src/core/index.js';
import { loadLexicon } from '../../../src/lexicon/index.js';
import { type Calibration, calibrate, calibrated } from './calibrate.js';
import { type Example, ExampleMaker } from './examples.js';
import { FOLDS } from './folds.js';
import { type Input, Network, type NetworkOptions } from './network.js';
import { USUAL_NETWORK } from './network-options.js';
import { readRows, readSeeds, type Tier } from './read-rows.js';
import { trainNetwork } from './train-network.js';
import { loadWordVectors } from './word-vectors.js';

/** What a run changes, beside the options of the network. */
interface Run extends NetworkOptions {
  readonly epochs: number;
  /** Weight of seed rows beside what their number gives; 0 leaves them out. */
  readonly seedWeight: number;
  readonly vectors: boolean;
  /** Sources that may be trained on; all are tested. */
  readonly tier: Tier;
}

const USUAL: Run = { ...USUAL_NETWORK, epochs: 3, seedWeight: 1, vectors: true, tier: 'all' };

/** The runs by name. `baseline` is a hashed linear model alone. */
const RUNS: Readonly<Record<string, Partial<Run>>> = {
  baseline: { useWords: false, useLists: false, seedWeight: 0, gramDropout: 0, epochs: 4 },
  'linear and lists': { useWords: false, seedWeight: 0, gramDropout: 0, epochs: 4 },
  'without lists': { useLists: false },
  'without seeds': { seedWeight: 0 },
  'without vectors': { vectors: false },
  shipped: {},
  permissive: { tier: 'permissive' },
  copyleft: { tier: 'copyleft' },
  'hidden 64': { hidden: 64 },
  'five epochs': { epochs: 5 },
  'seeds weigh 2.5': { seedWeight: 2.5 },
  'hidden 64 and five epochs': { hidden: 64, epochs: 5 },
  'half the n-grams': { gramDropout: 0.5, listDropout: 0.1 },
  'slow n-grams': { gramRate: 0.04, listDropout: 0.1 },
  'slow n-grams and hidden 64': { gramRate: 0.04, listDropout: 0.1, hidden: 64, wordDropout: 0.2 },
  'no hidden dropout': { hiddenDropout: 0 },
  'smaller steps': { gramRate: 0.05, wordRate: 0.025, denseRate: 0.025 },
  'lists at 0.1': { listDropout: 0.1 },
  'lists at 0.3': { listDropout: 0.3 },
};

const LEAST_ROWS = 20;
const LEAST_POSITIVES = 40;
const MOST_TESTED = 1000;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function readOptions() {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      rows: { type: 'string', default: '1000' },
      packages: { type: 'string', default: __dirname },
      folds: { type: 'string', default: FOLDS.map((_, index) => index).join() },
      runs: { type: 'string', default: Object.keys(RUNS).join() },
    },
  });
  if (values.data === undefined) throw new Error('--data DIR is required: the folder that holds sources.json');
  return { ...values, data: values.data, rows: Number(values.rows), folds: values.folds.split(',').map(Number) };
}

function main(): void {
  const options = readOptions();
  const read = (tier: Tier) =>
    readRows({ data: options.data, tier, trainRows: options.rows, devRows: 500, maxUnits: 350 });
  const maker = new ExampleMaker(loadLexicon({ lists: ['builtin'], baseDir: '.' }));
  const all = read('all').map((row) => maker.example(row));
  const seeds = readSeeds(join(__dirname, '../seed')).map((row) => maker.example(row));
  const pairs = readContrastPairs()
    .filter(({ part }) => part !== 'train')
    .map((pair) => ({
      group: `${pair.part} ${pair.lang}`,
      harmful: maker.input(pair.harmful),
      harmless: maker.input(pair.harmless),
    }));
  const vectors = loadWordVectors(options.packages);
  const sourcesOf = new Map<Tier, ReadonlySet<string>>();
  for (const tier of ['permissive', 'copyleft', 'all'] as const) {
    sourcesOf.set(
      tier,
      new Set(
        readRows({ data: options.data, tier, trainRows: 1, devRows: 1, maxUnits: 1 }).map(({ source }) => source),
      ),
    );
  }
  console.log(`${all.length} rows, ${seeds.length} seeds, word vectors ${vectors === undefined ? 'missing' : 'found'}`);
  for (const name of options.runs.split(',')) {
    const change = RUNS[name];
    if (change === undefined) throw new Error(`no run is named '${name}'; there are: ${Object.keys(RUNS).join(', ')}`);
    const run = { ...USUAL, ...change };
    const figures = new Map<string, number[]>();
    for (const fold of options.folds) {
      const out = new Set(FOLDS[fold]);
      const known = all.filter(
        ({ row }) => row.split === 'train' && !out.has(row.source) && sourcesOf.get(run.tier)?.has(row.source),
      );
      const extra = run.seedWeight > 0 ? seeds.filter(({ row }) => row.split === 'train') : [];
      const random = new Random(1);
      const network = new Network(run, random, run.vectors ? vectors : undefined);
      const counts = countSources([...known, ...extra]);
      trainNetwork(network, [...known, ...extra], {
        epochs: run.epochs,
        random,
        weightOf: ({ row }) =>
          sourceWeight(counts.get(row.source) ?? options.rows, options.rows) *
          (row.template === undefined ? 1 : run.seedWeight),
      });
      const held = all.filter(({ row }) => out.has(row.source) && (row.lang === 'en' || row.lang === 'zh'));
      const dev = all.filter(
        ({ row }) => row.split === 'dev' && !out.has(row.source) && sourcesOf.get(run.tier)?.has(row.source),
      );
      const calibrations = calibrate(dev.map((example) => ({ ...example, logits: network.forward(example).slice() })));
      const measured = {
        ...measureHeldOut(network, held, calibrations),
        'dev AP macro': macro(network, dev),
        ...measurePairs(network, pairs),
      };
      for (const [key, value] of Object.entries(measured)) figures.set(key, [...(figures.get(key) ?? []), value]);
    }
    console.log(`\n${name} ${JSON.stringify(change)}`);
    for (const [key, values] of figures) {
      console.log(
        `${key.padEnd(18)} ${mean(values).toFixed(4)}   ${values.map((value) => value.toFixed(3)).join('  ')}`,
      );
    }
  }
}

/** Small sources weigh more per row, large ones less. */
function sourceWeight(rows: number, usual: number): number {
  return Math.min(2, Math.sqrt(usual / rows));
}

function countSources(examples: readonly Example[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { row } of examples) counts.set(row.source, (counts.get(row.source) ?? 0) + 1);
  return counts;
}

/** The highest of the ten logits. */
function highest(network: Network, input: Input): number {
  return Math.max(...network.forward(input).subarray(0, CATEGORIES.length));
}

/** The highest of the ten probabilities: what a user sees of `any`. */
function highestProbability(network: Network, input: Input, calibrations: readonly Calibration[]): number {
  const logits = network.forward(input);
  return Math.max(...calibrations.map((each, index) => calibrated(each, logits, index)));
}

function measureHeldOut(
  network: Network,
  held: readonly Example[],
  calibrations: readonly Calibration[],
): Record<string, number> {
  const counts = new Map<string, number>();
  const tested = held.filter(({ row }) => {
    const count = (counts.get(row.source) ?? 0) + 1;
    counts.set(row.source, count);
    return row.any !== null && count <= MOST_TESTED;
  });
  const scored = tested.map((example) => ({
    row: example.row,
    score: highest(network, example),
    probability: highestProbability(network, example, calibrations),
    label: example.row.any ?? 0,
  }));
  const auc = (rows: typeof scored): number =>
    areaUnderCurve(
      rows.map(({ score }) => score),
      rows.map(({ label }) => label),
    );
  const within = [...counts.keys()].flatMap((source) => {
    const rows = scored.filter(({ row }) => row.source === source);
    const positives = rows.filter(({ label }) => label === 1).length;
    return Math.min(positives, rows.length - positives) < LEAST_ROWS ? [] : [auc(rows)];
  });
  const labels = scored.map(({ label }) => label);
  const probabilities = scored.map(({ probability }) => probability);
  return {
    'any AP': averagePrecision(
      scored.map(({ score }) => score),
      labels,
    ),
    'any AP calibrated': averagePrecision(probabilities, labels),
    'recall at 1 %': recallAtRate(probabilities, labels, 0.01),
    'any AUC': auc(scored),
    'any AUC en': auc(scored.filter(({ row }) => row.lang === 'en')),
    'any AUC zh': auc(scored.filter(({ row }) => row.lang === 'zh')),
    'AUC in a source': mean(within),
    'category AP macro': macro(network, tested),
  };
}

function macro(network: Network, examples: readonly Example[]): number {
  const logits = examples.map((example) => Float64Array.from(network.forward(example)));
  return mean(
    CATEGORIES.flatMap((_, index) => {
      const kept = examples.map((_example, at) => at).filter((at) => (examples[at]?.weights[index] ?? 0) > 0);
      const labels = kept.map((at) => examples[at]?.targets[index] ?? 0);
      if (labels.filter((label) => label === 1).length < LEAST_POSITIVES) return [];
      return [
        averagePrecision(
          kept.map((at) => logits[at]?.[index] ?? 0),
          labels,
        ),
      ];
    }),
  );
}

function measurePairs(
  network: Network,
  pairs: readonly { readonly group: string; readonly harmful: Input; readonly harmless: Input }[],
): Record<string, number> {
  const right = (group: string): number => {
    const own = pairs.filter((pair) => pair.group === group);
    return (
      own.filter(({ harmful, harmless }) => highest(network, harmful) > highest(network, harmless)).length / own.length
    );
  };
  return Object.fromEntries(
    ['dev en', 'dev zh', 'test en', 'test zh'].map((group) => [`pairs right ${group}`, right(group)]),
  );
}

main();
