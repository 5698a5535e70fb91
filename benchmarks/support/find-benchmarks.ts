import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Benchmark } from './benchmark.js';

const FOLDERS = ['speed', 'quality'];
const ENDING = '.bench.ts';

/** The file of every benchmark by its name: a file `speed/<name>.bench.ts` or `quality/<name>.bench.ts` is one. */
export function findBenchmarks(): ReadonlyMap<string, string> {
  const root = join(__dirname, '..');
  const files = FOLDERS.flatMap((folder) => readdirSync(join(root, folder)).map((file) => join(root, folder, file)));
  return new Map(files.filter((file) => file.endsWith(ENDING)).map((file) => [basename(file, ENDING), file]));
}

/** The benchmark that a file exports. */
export async function loadBenchmark(file: string): Promise<Benchmark> {
  const { benchmark } = (await import(file)) as { benchmark?: Benchmark };
  if (benchmark === undefined) throw new Error(`${file} exports no "benchmark"`);
  return benchmark;
}
