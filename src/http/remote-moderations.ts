import { z } from 'zod';
import type { RemoteDetectorConfig } from '../config/index.js';
import {
  type Category,
  type ExtraDetection,
  type ExtraDetector,
  type ExtraFindings,
  type ExtraName,
  type Logger,
  OverloadedError,
} from '../core/index.js';
import { TurnQueue } from '../limits/index.js';
import type { Metrics } from './metrics.js';
import { readBody } from './read-body.js';
import { Agent } from './undici-clients.js';
import { unlessAborted } from './upstream.js';

/** Largest answer that is read: 13 keys of a thousand texts fit. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** The part of an answer that is read. Some services send null for a key that their model does not know. */
const Answer = z.object({
  results: z.array(z.object({ category_scores: z.record(z.string(), z.number().min(0).max(1).nullable()) })),
});

/** Why there was no verdict. */
type Reason = 'credentials' | 'malformed' | 'overloaded' | 'refused' | 'timeout' | 'unreachable';

class CallError extends Error {
  readonly reason: Reason;
  readonly status: number | undefined;

  constructor(reason: Reason, status?: number) {
    super(reason);
    this.reason = reason;
    this.status = status;
  }
}

/** What a remote detector is made of. */
export interface RemoteModerationsOptions {
  readonly config: RemoteDetectorConfig;
  /** Key of the service, if it wants one. */
  readonly key: string | undefined;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** A service that speaks the OpenAI moderation endpoint. All texts of a request go in one call. */
export class RemoteModerations implements ExtraDetector {
  readonly name: ExtraName;
  readonly #options: RemoteModerationsOptions;
  readonly #agent: Agent;
  readonly #turns: TurnQueue;
  readonly #origin: string;
  readonly #path: string;
  #closing: Promise<void> | undefined;

  constructor(options: RemoteModerationsOptions) {
    const { name, url, timeoutMs } = options.config;
    const base = new URL(url);
    this.name = `remote:${name}`;
    this.#options = options;
    this.#origin = base.origin;
    this.#path = `${base.pathname.replace(/\/$/, '')}/moderations${base.search}`;
    this.#agent = new Agent({ connect: { timeout: timeoutMs }, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
    this.#turns = new TurnQueue(options.config);
  }

  async judge(texts: readonly string[]): Promise<ExtraFindings> {
    const { config, metrics, logger } = this.#options;
    const stop = metrics.detectorSeconds.startTimer({ detector: config.name });
    const signal = AbortSignal.timeout(config.timeoutMs);
    try {
      const detections = await unlessAborted(this.#inTurn(texts, signal), signal);
      metrics.detectorCalls.inc({ detector: config.name, outcome: 'ok' });
      return { detections };
    } catch (error) {
      const { reason, status } = callError(error, signal);
      metrics.detectorCalls.inc({ detector: config.name, outcome: reason });
      // A key that is refused stays refused: nobody would screen anything until somebody looks into the log.
      const onError = reason === 'credentials' ? 'block' : config.onError;
      logger.warn({ detector: this.name, reason, status, onError }, 'remote detector could not run');
      const detections = texts.map(() => []);
      return onError === 'ignore' ? { detections } : { detections, failure: onError };
    } finally {
      stop();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#agent.close();
    return this.#closing;
  }

  async #inTurn(texts: readonly string[], signal: AbortSignal): Promise<ExtraDetection[][]> {
    const end = await this.#turns.take(signal);
    try {
      return await this.#ask(texts, signal);
    } finally {
      end();
    }
  }

  async #ask(texts: readonly string[], signal: AbortSignal): Promise<ExtraDetection[][]> {
    const { config, key } = this.#options;
    const { statusCode, headers, body } = await this.#agent.request({
      origin: this.#origin,
      path: this.#path,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({ input: texts, ...(config.model === undefined ? {} : { model: config.model }) }),
      signal,
    });
    // Errors reach whoever reads the body; after that nobody listens, and an error would end the process.
    body.on('error', () => undefined);
    if (statusCode < 200 || statusCode > 299) {
      body.destroy();
      throw new CallError(statusCode === 401 || statusCode === 403 ? 'credentials' : 'refused', statusCode);
    }
    const encoding = headers['content-encoding']?.toString();
    const bytes = await readBody(body, { encoding, maxBytes: MAX_ANSWER_BYTES });
    return this.#read(bytes, texts);
  }

  /** An answer counts only if it has a result for every text, and in each a score that means something here. */
  #read(bytes: Buffer, texts: readonly string[]): ExtraDetection[][] {
    const answer = Answer.safeParse(parseJson(bytes));
    if (!answer.success || answer.data.results.length !== texts.length) throw new CallError('malformed');
    return answer.data.results.map(({ category_scores: scores }, index) => {
      const best = this.#bestScores(scores);
      if (best.size === 0) throw new CallError('malformed');
      const span = { start: 0, end: texts[index]?.length ?? 0 };
      return [...best].map(([category, score]) => ({ source: this.name, category, span, score }));
    });
  }

  #bestScores(scores: Readonly<Record<string, number | null>>): ReadonlyMap<Category, number> {
    const best = new Map<Category, number>();
    for (const [key, category] of Object.entries(this.#options.config.categories)) {
      const score = Object.hasOwn(scores, key) ? scores[key] : undefined;
      if (typeof score === 'number') best.set(category, Math.max(score, best.get(category) ?? 0));
    }
    return best;
  }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function callError(error: unknown, signal: AbortSignal): CallError {
  if (error instanceof CallError) return error;
  if (error instanceof OverloadedError) return new CallError('overloaded');
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new CallError(signal.aborted || /TIMEOUT|ETIMEDOUT/.test(code) ? 'timeout' : 'unreachable');
}
