import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { checkScreening } from '../support/http/check-screening.js';
import { type Rig, startRig } from '../support/http/rig.js';
import { type NodeSubject, startNode } from '../support/http/subject.js';
import { startSluice } from '../support/http/subjects.js';
import { expectEqual } from '../support/measure.js';

const ROUNDS = 7;
const IDLE_MS = 3_000;
const REQUESTS = 2_000;
const MEGABYTE = 1024 * 1024;
const BARE = join(__dirname, '../support/http/subjects/bare-server.cjs');

/** What a process takes to start, and holds when it has. */
export const benchmark: Benchmark = {
  about:
    '`sluice serve` as it starts by default, built-in lists and classifier on: time from the start of the process until /readyz says so, processor time until then, memory; bounds: a Node.js process that does nothing, and one that only listens.',
  run: measureStartup,
};

interface Start {
  readonly readyMs: number;
  readonly cpuMs: number;
}

async function measureStartup(): Promise<Measurement[]> {
  const rig = await startRig({ tokens: 0, pace: 'burst' });
  try {
    const starts = { nothing: [] as Start[], bare: [] as Start[], sluice: [] as Start[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      starts.nothing.push(startNothing());
      starts.bare.push(await startOnce(startBare));
      starts.sluice.push(await startOnce(() => startSluice(rig.upstream), '/readyz'));
    }
    const least = (key: keyof Start) => {
      const [nothing, bare, sluice] = [starts.nothing, starts.bare, starts.sluice].map((all) =>
        Math.min(...all.map((one) => one[key])),
      ) as [number, number, number];
      return { value: sluice, unit: 'ms', ratios: { 'node -e': sluice / nothing, 'node:http': sluice / bare } };
    };
    return [
      { case: 'start', metric: 'time to ready', ...least('readyMs') },
      { case: 'start', metric: 'processor time to ready', ...least('cpuMs') },
      ...(await measureMemory(rig)),
    ];
  } finally {
    await rig.stop();
  }
}

function startNothing(): Start {
  const startMs = performance.now();
  const { status, stdout } = spawnSync(process.execPath, ['-e', 'console.log(JSON.stringify(process.cpuUsage()))']);
  const readyMs = performance.now() - startMs;
  expectEqual('status of node -e', status, 0);
  const { user, system } = JSON.parse(stdout.toString()) as NodeJS.CpuUsage;
  return { readyMs, cpuMs: (user + system) / 1000 };
}

function startBare(): Promise<NodeSubject> {
  return startNode({ name: 'node:http', file: BARE });
}

async function startOnce(start: () => Promise<NodeSubject>, path = '/'): Promise<Start> {
  const startMs = performance.now();
  const subject = await start();
  try {
    for (let tries = 0; tries < 1_000; tries += 1) {
      const { status } = await fetch(`http://127.0.0.1:${subject.port}${path}`);
      if (status === 200) break;
      await sleep(2);
    }
    const readyMs = performance.now() - startMs;
    return { readyMs, cpuMs: (await subject.usage()).cpuMs };
  } finally {
    await subject.stop();
  }
}

async function measureMemory(rig: Rig): Promise<Measurement[]> {
  const subjects = [await startBare(), await startSluice(rig.upstream)] as const;
  const [bare, sluice] = subjects;
  try {
    await sleep(IDLE_MS);
    const [bareBytes, idleBytes] = await Promise.all(subjects.map(async (one) => (await one.usage()).rssBytes));
    await checkScreening(sluice, { screens: true });
    await rig.load({ port: sluice.port, requests: REQUESTS, connections: 64, stream: false, isNew: true });
    await sleep(IDLE_MS);
    const { rssBytes } = await sluice.usage();
    const line = (name: string, bytes = 0): Measurement => ({
      case: name,
      metric: 'memory',
      value: bytes / MEGABYTE,
      unit: 'MB',
      ratios: { 'node:http': bytes / (bareBytes ?? Number.NaN) },
    });
    return [line('idle', idleBytes), line(`after ${REQUESTS} requests`, rssBytes)];
  } finally {
    await Promise.all([bare, sluice].map((one) => one.stop()));
  }
}
