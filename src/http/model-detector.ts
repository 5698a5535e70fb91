import type { BatchModel } from '../classifier/index.js';
import type { ModelDetectorConfig } from '../config/index.js';
import { CATEGORIES, type ExtraDetection, type ExtraDetector, type ExtraFindings, type Logger } from '../core/index.js';
import { windowsOf } from '../moderator/index.js';
import type { Metrics } from './metrics.js';

/** What a model detector is made of. */
export interface ModelDetectorOptions {
  readonly config: ModelDetectorConfig;
  readonly model: BatchModel;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Windows of the texts of one request, and the highest scores found in them so far. */
interface Waiting {
  readonly texts: readonly string[];
  readonly windows: readonly { readonly text: number; readonly content: string }[];
  readonly scores: readonly Float32Array[];
  readonly signal: AbortSignal;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
  next: number;
}

/**
 * A layers model of the user's, run in this process. Windows that wait, of one request or of several, share calls of the model; between
 * two calls the event loop has its turn. A call itself cannot be cut short: time out what waits is all that can be done.
 */
export class ModelDetector implements ExtraDetector {
  readonly name: ExtraDetector['name'];
  readonly #options: ModelDetectorOptions;
  readonly #waiting: Waiting[] = [];
  #scheduled = false;
  #windows = 0;

  constructor(options: ModelDetectorOptions) {
    this.name = `model:${options.config.name}`;
    this.#options = options;
  }

  async judge(texts: readonly string[]): Promise<ExtraFindings> {
    const { config, metrics, logger } = this.#options;
    const stop = metrics.detectorSeconds.startTimer({ detector: config.name });
    const signal = AbortSignal.timeout(config.timeoutMs);
    try {
      const scores = await this.#enqueue(texts, signal);
      metrics.detectorCalls.inc({ detector: config.name, outcome: 'ok' });
      return { detections: texts.map((text, at) => this.#detectionsOf(text, scores[at])) };
    } catch (error) {
      const reason = error instanceof Overload ? 'overloaded' : signal.aborted ? 'timeout' : 'broken';
      metrics.detectorCalls.inc({ detector: config.name, outcome: reason });
      logger.warn({ detector: this.name, reason, onError: config.onError }, 'detector could not run');
      const detections = texts.map(() => []);
      return config.onError === 'ignore' ? { detections } : { detections, failure: config.onError };
    } finally {
      stop();
    }
  }

  async close(): Promise<void> {
    for (const each of this.#waiting.splice(0)) each.reject(new Error('closed'));
    this.#options.model.dispose();
  }

  #detectionsOf(text: string, scores: Float32Array | undefined): ExtraDetection[] {
    const span = { start: 0, end: text.length };
    return CATEGORIES.flatMap((category, index) =>
      this.#options.model.categories.includes(category)
        ? [{ source: this.name, category, span, score: scores?.[index] ?? 0 }]
        : [],
    );
  }

  #enqueue(texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]> {
    const windows = texts.flatMap((text, at) => windowsOf(text).map((content) => ({ text: at, content })));
    if (this.#windows > 0 && this.#windows + windows.length > this.#options.config.maxQueued) {
      return Promise.reject(new Overload());
    }
    const scores = texts.map(() => new Float32Array(CATEGORIES.length));
    if (windows.length === 0) return Promise.resolve(scores);
    this.#windows += windows.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ texts, windows, scores, signal, resolve: () => resolve(scores), reject, next: 0 });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#runBatch();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #runBatch(): void {
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    try {
      const found = this.#options.model.scoreAll(batch.map(({ content }) => content));
      for (const [at, { owner, text }] of batch.entries()) {
        const highest = owner.scores[text];
        for (const [index, score] of (found[at] ?? []).entries()) {
          if (highest !== undefined) highest[index] = Math.max(highest[index] ?? 0, score);
        }
      }
    } catch (error) {
      for (const owner of new Set(batch.map(({ owner: each }) => each))) this.#leave(owner, () => owner.reject(error));
      return;
    }
    for (const owner of new Set(batch.map(({ owner: each }) => each))) {
      if (owner.next === owner.windows.length) this.#leave(owner, owner.resolve);
    }
  }

  /** The next windows in order of arrival; requests whose time is over leave. */
  #takeBatch(): { readonly owner: Waiting; readonly text: number; readonly content: string }[] {
    const batch = [];
    for (const owner of [...this.#waiting]) {
      if (owner.signal.aborted) {
        this.#leave(owner, () => owner.reject(owner.signal.reason));
        continue;
      }
      while (owner.next < owner.windows.length && batch.length < this.#options.config.maxBatch) {
        const window = owner.windows[owner.next++];
        if (window !== undefined) batch.push({ owner, ...window });
      }
      if (batch.length === this.#options.config.maxBatch) break;
    }
    return batch;
  }

  #leave(owner: Waiting, settle: () => void): void {
    const at = this.#waiting.indexOf(owner);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#windows -= owner.windows.length;
    settle();
  }
}

/** Too many windows wait already. */
class Overload extends Error {}
