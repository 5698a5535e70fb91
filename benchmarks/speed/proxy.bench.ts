import type { Benchmark, Measurement } from '../support/benchmark.js';
import { checkScreening } from '../support/http/check-screening.js';
import { report } from '../support/http/report.js';
import { type Pace, type RoundJob, runRounds, startRig } from '../support/http/rig.js';
import type { Subject } from '../support/http/subject.js';
import { startBareRelay, startPeers, startSluice, startSluiceOff } from '../support/http/subjects.js';

const CONNECTIONS = 64;
const TOKENS = 200;
const ROUNDS = 3;

interface Case {
  readonly name: string;
  readonly pace: Pace;
  readonly job: RoundJob;
}

const job = (requests: number, rest: Partial<RoundJob> = {}): RoundJob => ({
  requests,
  connections: CONNECTIONS,
  stream: false,
  isNew: true,
  ...rest,
});

const CASES: readonly Case[] = [
  { name: 'JSON, 64 connections, new texts', pace: 'burst', job: job(1500) },
  { name: 'JSON, 64 connections, one text again and again', pace: 'burst', job: job(1500, { isNew: false }) },
  { name: 'SSE, 200 events at once, 64 connections', pace: 'burst', job: job(128, { stream: true }) },
  { name: 'SSE, 200 events in pieces of 512 bytes, 64 connections', pace: 'pieces', job: job(128, { stream: true }) },
  { name: 'SSE, 200 events one by one, 64 connections', pace: 'paced', job: job(128, { stream: true }) },
  { name: 'SSE, 200 events one by one, 1 connection', pace: 'paced', job: job(40, { stream: true, connections: 1 }) },
];

/** The standalone proxy as `sluice serve` starts it; backend, load and every proxy are processes of their own. */
export const benchmark: Benchmark = {
  about:
    'Proxy, built-in lists, classifier and record on: processor time of its process for a request, throughput, latency, time to first token; bound: a relay of node:http and undici that parses what passes. The peers screen nothing, and but for the gateway parse nothing. Arguments narrow the cases: `json`, `sse`.',
  run: measureProxy,
};

async function measureProxy(args: readonly string[]): Promise<Measurement[]> {
  const cases = CASES.filter(({ name }) => args.every((wanted) => name.toLowerCase().includes(wanted)));
  const results: Measurement[] = [];
  for (const pace of ['burst', 'pieces', 'paced'] as const) {
    const some = cases.filter((one) => one.pace === pace);
    if (some.length > 0) results.push(...(await measureCases(pace, some)));
  }
  return results;
}

async function measureCases(pace: Pace, cases: readonly Case[]): Promise<Measurement[]> {
  const rig = await startRig({ tokens: TOKENS, pace });
  const subjects: Subject[] = [];
  try {
    const ours = await startSluice(rig.upstream);
    const off = await startSluiceOff(rig.upstream);
    subjects.push(await startBareRelay(rig.upstream), ours, off, ...(await startPeers(rig.upstream)));
    await checkScreening(ours, { screens: true });
    await checkScreening(off, { screens: false });
    const results: Measurement[] = [];
    for (const { name, job } of cases) {
      console.error(`${name}: ${subjects.map((subject) => subject.name).join(', ')}`);
      const figures = await runRounds(rig, subjects, { job, rounds: ROUNDS });
      results.push(...report(name, ours.name, figures));
    }
    return results;
  } finally {
    await Promise.all([...subjects.map((subject) => subject.stop()), rig.stop()]);
  }
}
