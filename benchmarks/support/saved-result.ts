import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Measurement } from './benchmark.js';

/** A kept run of one benchmark, with what its numbers depend on. */
export interface SavedResult {
  readonly benchmark: string;
  readonly date: string;
  readonly commit: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGb: number;
    readonly platform: string;
    readonly node: string;
    /** Load average of the last minute when the run had ended: what else the machine had to do. */
    readonly load: number;
  };
  readonly results: readonly Measurement[];
}

const FOLDER = join(__dirname, '../results');

/** Keeps a run under `benchmarks/results`: one file for a benchmark and a day. */
export function saveResult(benchmark: string, results: readonly Measurement[]): void {
  const date = new Date().toISOString().slice(0, 10);
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: __dirname, encoding: 'utf8' }).trim();
  const machine: SavedResult['machine'] = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    load: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
  const saved: SavedResult = { benchmark, date, commit, machine, results };
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${benchmark}-${date}.json`), `${JSON.stringify(saved, null, 2)}\n`);
}

/** The latest kept run of every benchmark, by its name. */
export function latestResults(): ReadonlyMap<string, SavedResult> {
  const files = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort();
  const saved = files.map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as SavedResult);
  return new Map(saved.sort((a, b) => a.date.localeCompare(b.date)).map((result) => [result.benchmark, result]));
}
