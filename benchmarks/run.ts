// Entry of `npm run bench -- <name>`; without a name it lists them.
import { type Measurement, rounded } from './support/benchmark.js';
import { buildIfStale } from './support/build-if-stale.js';
import { findBenchmarks, loadBenchmark } from './support/find-benchmarks.js';
import { formatMeasurements } from './support/format-measurements.js';
import { saveResult } from './support/saved-result.js';

const JSON_FLAG = '--json';
const SAVE_FLAG = '--save';

async function main(argv: readonly string[]): Promise<void> {
  const [name, ...args] = argv.filter((argument) => argument !== JSON_FLAG && argument !== SAVE_FLAG);
  const benchmarks = findBenchmarks();
  const file = benchmarks.get(name ?? '');
  if (name === undefined || file === undefined) {
    if (name !== undefined) console.error(`There is no benchmark "${name}"; these are:`);
    console.log([...benchmarks.keys()].join('\n'));
    process.exitCode = name === undefined ? 0 : 2;
    return;
  }
  buildIfStale();
  const benchmark = await loadBenchmark(file);
  console.error(benchmark.about);
  const measurements: Measurement[] = rounded(await benchmark.run(args));
  console.log(argv.includes(JSON_FLAG) ? JSON.stringify(measurements, null, 2) : formatMeasurements(measurements));
  if (argv.includes(SAVE_FLAG)) saveResult(name, measurements);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
