// `npm run prove -- --cases 1000000`: the property of test/property/hold.property.test.ts over as many streams as wanted.
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import fc from 'fast-check';
import { checkHoldWorld, type HoldTally } from '../test/support/hold-check.js';
import { holdWorlds } from '../test/support/hold-world.js';

const TEXTS_OF_A_WORLD = 25;
/** Streams between two reports. */
const BATCH = 1000;

/** What a child tells of one batch. */
interface Report {
  readonly tally: readonly (readonly [string, number])[];
  readonly failure?: string;
}

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    child: { type: 'string' },
  },
});
const [cases, seed, jobs] = [Number(values.cases), Number(values.seed), Number(values.jobs)];
const batches = Math.ceil(cases / BATCH);
if (![cases, seed, jobs].every(Number.isSafeInteger) || cases < 1 || jobs < 1) {
  console.error('usage: npm run prove -- [--cases 1000000] [--seed 1] [--jobs 2]');
  process.exit(2);
}
if (values.child === undefined) void prove();
else checkBatches(Number(values.child));

/** Checks every batch whose number is `first` modulo `jobs`; the seed of a batch is that of the run plus its number. */
function checkBatches(first: number): void {
  for (let batch = first; batch < batches; batch += jobs) {
    const tally: HoldTally = new Map();
    const details = fc.check(
      fc.property(holdWorlds(TEXTS_OF_A_WORLD), (world) => checkHoldWorld(world, tally)),
      { numRuns: BATCH / TEXTS_OF_A_WORLD, seed: seed + batch, endOnFailure: true },
    );
    const { failed, errorInstance } = details;
    const why = errorInstance instanceof Error ? `${errorInstance.stack}\n${String(errorInstance.cause)}` : '';
    const report: Report = { tally: [...tally], ...(failed && { failure: `seed ${seed + batch}: ${why}` }) };
    process.send?.(report);
    if (failed) return;
  }
  process.disconnect?.();
}

async function prove(): Promise<void> {
  const start = performance.now();
  const bar = new SingleBar({
    format: '{bar} {value}/{total} streams, {eta_formatted} left',
    stream: process.stderr,
    noTTYOutput: true,
    notTTYSchedule: 60_000,
  });
  const total: HoldTally = new Map();
  let done = 0;
  let failure: string | undefined;
  bar.start(batches * BATCH, 0);
  const children = Array.from({ length: jobs }, (_, index) => {
    const args = ['--cases', String(cases), '--seed', String(seed), '--jobs', String(jobs), '--child', String(index)];
    return fork(__filename, args, { execArgv: process.execArgv });
  });
  const exits = children.map(
    (child) =>
      new Promise<void>((resolve) => {
        child.on('message', (message) => {
          const report = message as Report;
          for (const [what, count] of report.tally) total.set(what, (total.get(what) ?? 0) + count);
          done += BATCH;
          bar.update(done);
          failure ??= report.failure;
          if (report.failure !== undefined) for (const each of children) each.kill();
        });
        child.on('exit', (code) => {
          if (code !== 0 && code !== null) failure ??= `a process ended with code ${code}`;
          resolve();
        });
      }),
  );
  await Promise.all(exits);
  bar.stop();
  const minutes = Number(((performance.now() - start) / 60_000).toFixed(1));
  console.log(
    JSON.stringify(
      { streams: done, seed, minutes, failed: failure !== undefined, seen: Object.fromEntries(total) },
      null,
      2,
    ),
  );
  if (failure === undefined) return;
  console.error(failure);
  process.exitCode = 1;
}
