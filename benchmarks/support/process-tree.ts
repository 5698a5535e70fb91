import { readdirSync, readFileSync } from 'node:fs';

const NANOSECONDS = 1e6;

/** Processor time in milliseconds of a process and those that it started and that still run, as Linux counts it. */
export function treeCpuMs(pid: number): number {
  let cpuMs = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    cpuMs += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / NANOSECONDS;
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ');
    for (const child of children) if (child !== '') cpuMs += treeCpuMs(Number(child));
  }
  return cpuMs;
}
