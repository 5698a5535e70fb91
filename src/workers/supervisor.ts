import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from '../core/index.js';
import type { PrimaryCalls, WorkerCalls } from './calls.js';
import { Channel, type Handlers } from './channel.js';
import { RestartDelay } from './restart-delay.js';
import { WORKER_VARIABLE } from './worker-link.js';

/** A worker that listens. */
export interface RunningWorker {
  /** From 1; a worker that takes the place of another has its number. */
  readonly number: number;
  readonly pid: number | undefined;
  readonly channel: Channel<WorkerCalls, PrimaryCalls>;
}

/** What the workers are run with. */
export interface SupervisorOptions {
  readonly workers: number;
  readonly logger: Logger;
  /** Answers what a worker asks; what it tells of its start is heard here already. */
  readonly handlers: (number: number) => Omit<Handlers<PrimaryCalls>, 'listening' | 'failed'>;
  /** Called when a worker has ended, before another takes its place. */
  readonly onEnd: (number: number) => void;
}

interface Slot {
  readonly delay: RestartDelay;
  process: Worker | undefined;
  running: RunningWorker | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** Starts the workers and keeps so many of them alive. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #slots: ReadonlyMap<number, Slot>;
  #restarts = 0;
  #started = false;
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const numbers = Array.from({ length: options.workers }, (_, index) => index + 1);
    this.#slots = new Map(
      numbers.map((number) => [
        number,
        { delay: new RestartDelay(), process: undefined, running: undefined, timer: undefined },
      ]),
    );
  }

  /** The workers that listen, by number. */
  get running(): readonly RunningWorker[] {
    return [...this.#slots.values()].flatMap(({ running }) => (running === undefined ? [] : [running]));
  }

  /** Workers that took the place of one that had ended. */
  get restarts(): number {
    return this.#restarts;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /**
   * Resolves to the address once all workers listen. The first starts alone: what is wrong with the config is said once, and the
   * store is made or migrated by one.
   *
   * Rejects with what a worker says that it could not start; none is left then.
   */
  async start(): Promise<string> {
    try {
      const [first, ...others] = this.#slots.keys();
      const address = await this.#spawn(first ?? 1);
      await Promise.all(others.map((number) => this.#spawn(number)));
      this.#started = true;
      return address;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Asks every worker that listens; what one of them does not answer is undefined. */
  async askAll<Name extends keyof WorkerCalls & string>(
    call: Name,
    body: WorkerCalls[Name]['ask'],
    timeoutMs?: number,
  ): Promise<readonly (readonly [RunningWorker, WorkerCalls[Name]['answer'] | undefined])[]> {
    return Promise.all(
      this.running.map(async (worker) => {
        const answer = await worker.channel.ask(call, body, timeoutMs).catch(() => undefined);
        return [worker, answer] as const;
      }),
    );
  }

  /** Lets every worker drain and end. Resolves once none is left. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      [...this.#slots.values()].map(async ({ process, running, timer }) => {
        clearTimeout(timer);
        if (process === undefined) return;
        const ended = once(process, 'exit');
        // One that does not listen yet has nothing to finish.
        if (running === undefined) process.process.kill('SIGKILL');
        else await running.channel.tell('stop', null);
        await ended;
      }),
    );
  }

  /** Ends every worker at once, whatever it is in the middle of. */
  kill(): void {
    this.#stopping = true;
    for (const { process } of this.#slots.values()) process?.process.kill('SIGKILL');
  }

  /** Resolves to the address once the worker listens; rejects when it ends before. */
  #spawn(number: number): Promise<string> {
    const slot = this.#slots.get(number);
    if (slot === undefined) throw new RangeError(`there is no worker ${number}`);
    const startMs = performance.now();
    const worker = cluster.fork({ [WORKER_VARIABLE]: String(number) });
    slot.process = worker;
    return new Promise((resolve, reject) => {
      let reason: string | undefined;
      const channel = new Channel<WorkerCalls, PrimaryCalls>(
        {
          send: (message, done) => void worker.send(message as object, done),
          onMessage: (listener) => void worker.on('message', listener),
        },
        {
          ...this.#options.handlers(number),
          listening: (address) => {
            slot.running = { number, pid: worker.process.pid, channel };
            resolve(address);
          },
          failed: (why) => {
            reason = why;
          },
        },
      );
      worker.on('exit', async (code, signal) => {
        // What it told last may still be on its way.
        if (worker.isConnected()) await once(worker, 'disconnect');
        slot.process = undefined;
        slot.running = undefined;
        channel.close(`worker ${number} has ended`);
        this.#options.onEnd(number);
        const how = signal ? `by ${signal}` : `with code ${code}`;
        reject(new Error(reason ?? `worker ${number} ended ${how} before it listened`));
        if (this.#started && !this.#stopping) this.#restart(number, slot, { startMs, how, reason });
      });
      worker.on('error', () => undefined);
    });
  }

  #restart(number: number, slot: Slot, end: { startMs: number; how: string; reason: string | undefined }): void {
    const { startMs, how, reason } = end;
    const delayMs = slot.delay.next(performance.now() - startMs);
    const { logger } = this.#options;
    logger.error({ worker: number, ended: how, reason, delayMs }, 'worker ended; another takes its place');
    slot.timer = setTimeout(() => {
      this.#restarts += 1;
      this.#spawn(number).then(
        () => logger.info({ worker: number }, 'worker has taken the place of another'),
        () => undefined,
      );
    }, delayMs);
  }
}
