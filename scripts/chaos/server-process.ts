import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** How to run a server. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly options?: SpawnOptions;
  /** Resolves once the server answers; rejects while it does not. */
  readonly probe: () => Promise<unknown>;
}

const START_TIMEOUT_MS = 60_000;
const PROBE_MS = 50;

/** A server that is started and ended over and over. */
export class ServerProcess {
  readonly #command: ServerCommand;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  /** Resolves once it answers. */
  async start(): Promise<void> {
    const { command, args, options, probe } = this.#command;
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-4000);
      });
    }
    child.on('error', (error) => {
      this.#output += error.message;
    });
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      if (child.exitCode !== null || child.pid === undefined) {
        throw new Error(`${command} did not start: ${this.#output}`);
      }
      const error = await probe().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) return;
      if (Date.now() > deadline) throw new Error(`${command} does not answer: ${this.#output}`, { cause: error });
      await delay(PROBE_MS);
    }
  }

  /** Ends it with a signal; resolves to its exit code once it is gone, null where the signal ended it. */
  async stop(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    }
    return child.exitCode;
  }

  /** Of the process that runs; 0 for none. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The last lines it wrote. */
  get output(): string {
    return this.#output;
  }
}
