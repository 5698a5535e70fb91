import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Measurement } from './measure.js';

/** Keeps a result under `benchmarks/results`, with what it depends on; one file for a benchmark and a day. */
export function saveResult(name: string, results: readonly Measurement[]): void {
  const folder = join(__dirname, '../results');
  const date = new Date().toISOString().slice(0, 10);
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: __dirname, encoding: 'utf8' }).trim();
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, `${name}-${date}.json`),
    `${JSON.stringify({ date, commit, machine, results }, null, 2)}\n`,
  );
}
