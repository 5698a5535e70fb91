import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScaleInputs } from '../../../benchmarks/scale/inputs.js';
import { scaleTables } from '../../../benchmarks/scale/scale-tables.js';
import { simulateWriters } from '../../../benchmarks/scale/simulate-writers.js';

const BENCHMARKS = join(__dirname, '../../../benchmarks');
const INPUTS = JSON.parse(readFileSync(join(BENCHMARKS, 'scale/inputs.json'), 'utf8')) as ScaleInputs;

describe('the simulation of writers', () => {
  it('takes in all hits, in batches as full as their age lets them be', () => {
    const few = simulateWriters(INPUTS, { processes: 10, hitsPerSecond: 100 });
    expect(few.rowsPerSecond).toBeCloseTo(100, -1);
    // Ten hits a second and process: three in 200 ms, the one that opens the batch among them.
    expect(few.rowsPerSecond / few.transactionsPerSecond).toBeCloseTo(1 + (10 * INPUTS.hits.batchMs) / 1_000, 0);
    expect(few.durableP99Ms).toBeLessThan(INPUTS.hits.batchMs + 50);
    const many = simulateWriters(INPUTS, { processes: 1, hitsPerSecond: 20_000 });
    expect(many.rowsPerSecond / many.transactionsPerSecond).toBeCloseTo(INPUTS.hits.batchRows, 0);
  });

  it('has the database as busy as batches and rows cost', () => {
    const { postgres } = INPUTS;
    const { rowsPerSecond, transactionsPerSecond, busyCores } = simulateWriters(INPUTS, {
      processes: 4,
      hitsPerSecond: 900,
    });
    const expected = (rowsPerSecond * postgres.rowUs + transactionsPerSecond * postgres.transactionUs) / 1e6;
    expect(busyCores).toBeCloseTo(expected, 6);
  });

  it('makes hits wait where the database is full', () => {
    const slow = { ...INPUTS, postgres: { ...INPUTS.postgres, rowUs: 10_000, cores: 1 } };
    expect(simulateWriters(slow, { processes: 4, hitsPerSecond: 200 }).durableP99Ms).toBeGreaterThan(10_000);
  });
});

it('SCALE.md holds the tables of the kept inputs', () => {
  expect(readFileSync(join(BENCHMARKS, 'SCALE.md'), 'utf8')).toContain(scaleTables(INPUTS));
});

it('the script prints the tables of other inputs', () => {
  const script = join(BENCHMARKS, 'simulate-scale.ts');
  const tsx = join(__dirname, '../../../node_modules/tsx/dist/cli.mjs');
  const printed = execFileSync(process.execPath, [tsx, script, join(BENCHMARKS, 'scale/inputs.json')], {
    encoding: 'utf8',
  });
  expect(printed.trim()).toBe(scaleTables(INPUTS));
});
