import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { builtLexicon } from '../support/built.js';
import { listPeers } from '../support/list-peers.js';
import { expectEqual, race } from '../support/measure.js';
import { termList } from '../support/term-list.js';

const SIZES = [1000, 10_000, 50_000] as const;
/** Builds take long: a few turns show the fastest. */
const BUDGET_MS = 1;

/** Time and memory of a built automaton. */
export const benchmark: Benchmark = {
  about:
    'Building the automaton from terms: time and memory, beside the peers that can hold the list; bound: putting the terms into a Set.',
  run: measureBuild,
};

async function measureBuild(): Promise<Measurement[]> {
  const peers = await listPeers();
  const results: Measurement[] = [];
  for (const size of SIZES) {
    const terms = termList(size);
    const known = terms.find((term) => /^[a-z]/.test(term)) ?? '';
    const contenders: Record<string, () => void> = {
      Set: () => void new Set(terms),
      ours: () =>
        expectEqual(`${size} terms`, builtLexicon().scanText(buildOf(terms), `some ${known} words`).length, 1),
    };
    for (const { name, maxTerms, build } of peers) {
      // Building is lazy in some: the first search is part of it.
      if (size <= maxTerms) contenders[name] = () => expectEqual(name, build(terms)(`some ${known} words`), 1);
    }
    const { ours = Number.NaN, ...others } = race(contenders, { budgetMs: BUDGET_MS });
    const ratios = Object.fromEntries(Object.entries(others).map(([name, ms]) => [name, ours / ms]));
    results.push({ case: `${size} terms`, metric: 'build', value: ours, unit: 'ms', ratios });
    results.push(...memoryOf(`${size} terms`, () => buildOf(terms)));
  }
  return results;
}

function buildOf(terms: readonly string[]): ReturnType<ReturnType<typeof builtLexicon>['buildLexicon']> {
  const { buildLexicon, parseList } = builtLexicon();
  return buildLexicon([parseList({ text: terms.join('\n'), file: 'bench.txt', language: 'en', category: 'abusive' })]);
}

/** What stays once the garbage is collected: typed arrays, and everything. */
function memoryOf(name: string, build: () => unknown): Measurement[] {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // What the first one finds dead, the next one knows to be gone: arrays are given back by a thread.
  const collect = (): void => {
    for (let turn = 0; turn < 3; turn += 1) gc();
  };
  collect();
  const before = process.memoryUsage();
  const kept = build();
  collect();
  const after = process.memoryUsage();
  if (kept === undefined) throw new Error('nothing was built');
  const tables = after.arrayBuffers - before.arrayBuffers;
  const all = tables + after.heapUsed - before.heapUsed;
  return [
    { case: name, metric: 'tables', value: tables / 1e6, unit: 'MB', ratios: {} },
    { case: name, metric: 'memory with the entries', value: all / 1e6, unit: 'MB', ratios: {} },
  ];
}
