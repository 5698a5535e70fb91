import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { checkModerate, checkProxy, checkScan, type Findings } from './guard-checks.js';

const BOUNDS = join(__dirname, 'guard-bounds.json');
/** Room above what was found when the bounds were set: machines differ in how far apart a pass and a scan are, counts do not. */
const ROOM = { ratio: 2, count: 1.15 };

/** Fails when a stored bound is passed. `--update` sets the bounds anew from what is found now. */
export const benchmark: Benchmark = {
  about:
    'Guard against getting slower, by ratios to bounds of the same process and by counts of operations, never by time alone; fails when a bound of guard-bounds.json is passed.',
  run: guard,
};

async function guard(args: readonly string[]): Promise<Measurement[]> {
  const counts = await checkProxy();
  const ratios = { ...checkScan(), ...(await checkModerate()) };
  if (args.includes('--update')) update({ ratios, counts });
  const bounds = JSON.parse(readFileSync(BOUNDS, 'utf8')) as Findings;
  return [...measurements(ratios, { bounds, unit: 'x' }), ...measurements(counts, { bounds, unit: 'per exchange' })];
}

function update({ ratios, counts }: { ratios: Findings; counts: Findings }): void {
  const widened = (found: Findings, room: number): [string, number][] =>
    Object.entries(found).map(([name, value]) => [name, Number((value * room).toPrecision(3))]);
  const bounds = Object.fromEntries([...widened(ratios, ROOM.ratio), ...widened(counts, ROOM.count)]);
  writeFileSync(BOUNDS, `${JSON.stringify(bounds, null, 2)}\n`);
}

function measurements(found: Findings, { bounds, unit }: { bounds: Findings; unit: string }): Measurement[] {
  return Object.entries(found).map(([name, value]) => {
    const bound = bounds[name];
    if (bound === undefined)
      throw new Error(`guard-bounds.json has no bound for "${name}"; run: npm run bench -- guard --update`);
    if (value > bound) {
      console.error(`TOO SLOW: ${name}: ${value.toFixed(2)} ${unit}, the bound is ${bound}`);
      process.exitCode = 1;
    }
    return { case: name, metric: 'cost', value, unit, ratios: { bound: value / bound } };
  });
}
