import { join } from 'node:path';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { checkScreening } from '../support/http/check-screening.js';
import { report } from '../support/http/report.js';
import { type RoundJob, runRounds, startRig } from '../support/http/rig.js';
import { startNode } from '../support/http/subject.js';
import { screeningConfig } from '../support/http/subjects.js';

const ROUNDS = 4;
const APP = join(__dirname, '../support/http/subjects/express-app.ts');

const CASES: readonly { readonly name: string; readonly job: RoundJob }[] = [
  { name: 'JSON, 64 connections, new texts', job: { requests: 2000, connections: 64, stream: false, isNew: true } },
  {
    name: 'JSON, 64 connections, one text again and again',
    job: { requests: 2000, connections: 64, stream: false, isNew: false },
  },
  { name: 'SSE, 200 events, 64 connections', job: { requests: 128, connections: 64, stream: true, isNew: true } },
];

/** The middleware in an Express app that answers itself, beside the same app without it. */
export const benchmark: Benchmark = {
  about:
    'Middleware in front of an Express handler, built-in lists, classifier and record on: processor time of the process for a request, throughput, latency; bound: the same app without it.',
  run: measureMiddleware,
};

async function measureMiddleware(): Promise<Measurement[]> {
  const rig = await startRig({ tokens: 0, pace: 'burst' });
  const env = { BENCH_CONFIG: JSON.stringify(screeningConfig()) };
  const subjects = [
    await startNode({ name: 'app without', file: APP, args: ['without'] }),
    await startNode({ name: 'app with sluice', file: APP, args: ['with'], env }),
  ];
  try {
    for (const subject of subjects) await checkScreening(subject, { screens: subject.name === 'app with sluice' });
    const results: Measurement[] = [];
    for (const { name, job } of CASES) {
      results.push(...report(name, 'app with sluice', await runRounds(rig, subjects, { job, rounds: ROUNDS })));
    }
    return results;
  } finally {
    await Promise.all([...subjects.map((subject) => subject.stop()), rig.stop()]);
  }
}
