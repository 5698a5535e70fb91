import { type Pipeline, releasePipeline, type Services } from '../compose.js';
import { ConfigError, LexiconError, SluiceError } from '../core/index.js';
import type { ReloadOutcome } from '../http/index.js';
import { changedFixedSettings } from './fixed-settings.js';

/** What a live pipeline starts from. */
export interface LivePipelineOptions {
  readonly first: Pipeline;
  readonly services: Services;
  /** Builds the pipeline that replaces `previous` from the files as they are now, or rejects once the signal is aborted. */
  readonly load: (previous: Pipeline, signal: AbortSignal) => Promise<Pipeline>;
  /** Resolves once nobody uses a pipeline that was replaced before the call. */
  readonly unused: () => Promise<void>;
}

/** The pipeline in use; a reload replaces it whole or not at all. */
export class LivePipeline {
  readonly #options: LivePipelineOptions;
  #current: Pipeline;
  #last: ReloadOutcome | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #ended = new AbortController();

  constructor(options: LivePipelineOptions) {
    this.#options = options;
    this.#current = options.first;
  }

  get current(): Pipeline {
    return this.#current;
  }

  /** How the last reload ended; undefined before the first. */
  get lastReload(): ReloadOutcome | undefined {
    return this.#last;
  }

  /** Reads everything again and puts it to use when all of it is valid. Never rejects; one reload runs at a time. */
  reload(reason: string): Promise<ReloadOutcome> {
    const done = this.#queue.then(() => this.#reload(reason));
    this.#queue = done;
    return done;
  }

  /** Breaks off a reload that runs; resolves once none does. The pipeline in use stays. */
  async end(): Promise<void> {
    this.#ended.abort(new Error('the server stops'));
    await this.#queue;
  }

  async #reload(reason: string): Promise<ReloadOutcome> {
    const { load, services } = this.#options;
    const { logger, clock, metrics } = services;
    const startMs = clock.now();
    const finish = (problems: readonly string[]): ReloadOutcome => {
      const timeMs = clock.now();
      const ok = problems.length === 0;
      metrics.reloads.inc({ outcome: ok ? 'ok' : 'failed' });
      this.#last = { ok, timeMs, durationMs: timeMs - startMs, problems };
      return this.#last;
    };
    let next: Pipeline;
    try {
      next = await load(this.#current, this.#ended.signal);
    } catch (error) {
      const outcome = finish(problemsOf(error));
      // What was asked for before the end is nobody's concern behind it.
      if (this.#ended.signal.aborted) return outcome;
      logger.error({ reason, problems: outcome.problems }, 'config not reloaded; the earlier one stays in use');
      return outcome;
    }
    const replaced = this.#current;
    this.#current = next;
    this.#retire(replaced);
    const outcome = finish([]);
    logger.info({ reason, durationMs: outcome.durationMs }, 'config reloaded');
    const restart = changedFixedSettings(this.#options.first.config, next.config);
    if (restart.length > 0) logger.warn({ settings: restart }, 'changed settings that need a restart to take effect');
    return outcome;
  }

  /** Frees what a replaced pipeline alone has, after its last user. */
  #retire(replaced: Pipeline): void {
    const successor = this.#current;
    void this.#options.unused().then(() => releasePipeline(replaced, successor));
  }
}

function problemsOf(error: unknown): string[] {
  if (error instanceof ConfigError) {
    return error.issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  }
  if (error instanceof LexiconError)
    return error.issues.map(({ file, line, message }) => `${file}:${line}: ${message}`);
  return [error instanceof SluiceError ? error.message : String(error)];
}
