import { type Logger, messageOf } from '../core/index.js';

/** What a job does, and how often. */
export interface PeriodicJobOptions {
  readonly name: string;
  /** From the end of one run to the start of the next, in milliseconds. */
  readonly intervalMs: number;
  /** What it does; resolves to what is logged when there was anything to do. */
  readonly run: () => Promise<Readonly<Record<string, unknown>> | undefined>;
  readonly logger: Logger;
}

/** Runs a job at the start and then again and again, one run at a time. A run that fails is logged, and the next one tries again. */
export class PeriodicJob {
  readonly #options: PeriodicJobOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: PeriodicJobOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.start(), this.#options.intervalMs).unref();
    });
  }

  /** Resolves once nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { name, run, logger } = this.#options;
    try {
      const done = await run();
      if (done !== undefined) logger.info({ job: name, ...done }, 'job done');
    } catch (error) {
      logger.error({ job: name, error: messageOf(error) }, 'job failed');
    }
  }
}
