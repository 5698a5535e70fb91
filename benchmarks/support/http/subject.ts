import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Processor time of a process so far. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** For how long an event loop stood still since the last question. */
export interface Pauses {
  readonly longestMs: number;
  /** Most processor time of its thread between two turns of a timer; NaN where the kernel does not say. */
  readonly busiestMs: number;
}

/** A server under test, in a process of its own. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  /** Of the requests of a round, the share that it gets: less than 1 for one that would take minutes. */
  readonly share?: number;
  /** Whether it is left out where it fails: a peer, which nobody here can mend. */
  readonly mayFail?: boolean;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** A server under test that runs on Node.js. */
export interface NodeSubject extends Subject {
  /** Counts from the first question on. */
  pauses(): Promise<Pauses>;
}

/** How a Node.js process is started. */
export interface NodeSubjectOptions {
  readonly name: string;
  readonly file: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly share?: number;
}

const REPORT = join(__dirname, 'report-cpu.cjs');
const START_MS = 120_000;

/**
 * Starts a Node.js process and waits until it listens on a port.
 * @throws {Error} when it ends, or does not listen within two minutes; with what it said
 */
export async function startNode({
  name,
  file,
  args = [],
  env = {},
  share = 1,
}: NodeSubjectOptions): Promise<NodeSubject> {
  // TypeScript is read as the benchmarks themselves are; what is built already runs as it does for users.
  const loader = file.endsWith('.ts') ? process.execArgv : [];
  const child = spawn(process.execPath, [...loader, '--require', REPORT, file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said: string[] = [];
  for (const pipe of [child.stdout, child.stderr]) pipe?.on('data', (data: Buffer) => said.push(data.toString()));
  const port = await new Promise<number>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`${name} ${why}: ${said.join('').slice(-2000)}`));
    const timer = setTimeout(() => fail('does not listen'), START_MS);
    child.once('exit', () => fail('has ended'));
    child.on('message', (message: { port?: number }) => {
      if (message.port === undefined) return;
      clearTimeout(timer);
      resolve(message.port);
    });
  });
  child.removeAllListeners('exit');
  return {
    name,
    port,
    share,
    usage: () => askUsage(child),
    pauses: () => askPauses(child),
    stop: () => stopChild(child),
  };
}

async function askUsage(child: ChildProcess): Promise<Usage> {
  const answer = once(child, 'message');
  child.send('cpu');
  const [{ cpu, rss }] = (await answer) as [{ cpu: NodeJS.CpuUsage; rss: number }];
  return { cpuMs: (cpu.user + cpu.system) / 1000, rssBytes: rss };
}

async function askPauses(child: ChildProcess): Promise<Pauses> {
  const answer = once(child, 'message');
  child.send('pauses');
  const [pauses] = (await answer) as [Pauses];
  return pauses;
}

/** Ends a process; resolves once it is gone. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
