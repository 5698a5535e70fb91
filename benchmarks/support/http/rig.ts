import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { percentile } from '../distribution.js';
import type { LoadJob, LoadResult } from './load.js';
import { type Subject, stopChild } from './subject.js';

/** The two ends of the HTTP benchmarks, each in a process of its own. */
export interface Rig {
  /** Base URL of the backend. */
  readonly upstream: string;
  /** Sends what a job says; rejects when an answer is wrong. */
  load(job: LoadJob): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** How the backend streams: all events at once, one in each turn of its event loop, or 512 bytes in each, wherever that cuts. */
export type Pace = 'burst' | 'paced' | 'pieces';

/** Starts backend and load. `tokens` is the number of events with text of a streamed answer. */
export async function startRig({ tokens, pace }: { tokens: number; pace: Pace }): Promise<Rig> {
  const backend = fork(join(__dirname, 'backend.ts'), [String(tokens), pace]);
  const [{ port }] = (await once(backend, 'message')) as [{ port: number }];
  const upstream = `http://127.0.0.1:${port}`;
  const load = fork(join(__dirname, 'load.ts'), { env: { ...process.env, BENCH_UPSTREAM: upstream } });
  return {
    upstream,
    load: (job) => send(load, job),
    async stop() {
      await Promise.all([stopChild(backend), stopChild(load)]);
    },
  };
}

async function send(load: ChildProcess, job: LoadJob): Promise<LoadResult> {
  const answer = once(load, 'message');
  load.send(job);
  const [result] = (await answer) as [LoadResult | { error: string }];
  if ('error' in result) throw new Error(result.error);
  return result;
}

/** One subject over all rounds: the least of each figure, of throughput the most, for others that run can only add. */
export interface Figures {
  /** Processor time of the subject's process for one request, microseconds. */
  readonly cpuUs: number;
  readonly requestsPerSecond: number;
  /** Milliseconds from the first byte sent to the last received. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Milliseconds to the first event with text; NaN when nothing was streamed. */
  readonly firstTokenMs: number;
}

/** What each subject gets in each round. */
export type RoundJob = Omit<LoadJob, 'port'>;

/** Loads the subjects in turns, `rounds` times after one that does not count. */
export async function runRounds(
  rig: Rig,
  subjects: readonly Subject[],
  { job, rounds }: { job: RoundJob; rounds: number },
): Promise<ReadonlyMap<string, Figures>> {
  const best = new Map<string, Figures>();
  const failed = new Set<Subject>();
  for (let round = -1; round < rounds; round += 1) {
    for (const subject of subjects) {
      if (failed.has(subject)) continue;
      const figures = await runOnce(rig, subject, job).catch((error: unknown) => {
        const message = `${subject.name}: ${error instanceof Error ? error.message : String(error)}`;
        if (subject.mayFail !== true) throw new Error(message);
        console.error(`Left out: ${message}`);
        return undefined;
      });
      if (figures === undefined) {
        failed.add(subject);
        best.delete(subject.name);
        continue;
      }
      const known = best.get(subject.name);
      if (round >= 0) best.set(subject.name, known === undefined ? figures : better(known, figures));
    }
  }
  return best;
}

async function runOnce(rig: Rig, subject: Subject, { requests: all, ...job }: RoundJob): Promise<Figures> {
  const requests = Math.ceil(all * (subject.share ?? 1));
  const before = await subject.usage();
  const { seconds, latencies, firstTokens } = await rig.load({ ...job, requests, port: subject.port });
  const after = await subject.usage();
  return {
    cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / requests,
    requestsPerSecond: requests / seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    firstTokenMs: percentile(firstTokens, 0.5),
  };
}

function better(a: Figures, b: Figures): Figures {
  return {
    cpuUs: Math.min(a.cpuUs, b.cpuUs),
    requestsPerSecond: Math.max(a.requestsPerSecond, b.requestsPerSecond),
    p50Ms: Math.min(a.p50Ms, b.p50Ms),
    p99Ms: Math.min(a.p99Ms, b.p99Ms),
    firstTokenMs: Math.min(a.firstTokenMs, b.firstTokenMs),
  };
}
