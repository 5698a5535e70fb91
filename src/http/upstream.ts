import type { Readable } from 'node:stream';
import { Agent } from 'undici';
import type { Config } from '../config/index.js';
import { OverloadedError, type SluiceError, UpstreamError } from '../core/index.js';
import type { UpstreamTurns, WaitingExchange } from './upstream-turns.js';

/** A request to the backend. */
export interface UpstreamCall {
  readonly method: string;
  /** Path and query, starting with a slash. */
  readonly path: string;
  /** Names and values alternating. */
  readonly headers: string[];
  readonly body: Buffer | Readable | null;
  readonly signal: AbortSignal;
}

/** What the backend answered; `body` is still to be read. */
export interface UpstreamReply {
  readonly status: number;
  readonly statusText: string;
  /** Names and values alternating, as they came. */
  readonly headers: string[];
  readonly body: Readable;
}

/** The one backend. Nothing in a request can choose another: its host is taken from `url` alone. */
export class Upstream {
  readonly #origin: string;
  readonly #basePath: string;
  readonly #agent: Agent;
  readonly #limits: Config['limits'];
  readonly #turns: UpstreamTurns | undefined;

  /** @param turns what every exchange waits for; nothing when left out */
  constructor(url: string, limits: Config['limits'], turns?: UpstreamTurns) {
    const base = new URL(url);
    this.#origin = base.origin;
    this.#basePath = base.pathname.replace(/\/$/, '');
    this.#limits = limits;
    this.#agent = new Agent({
      connect: { timeout: limits.upstreamConnectTimeoutMs },
      headersTimeout: limits.upstreamIdleTimeoutMs,
      bodyTimeout: limits.upstreamIdleTimeoutMs,
    });
    this.#turns = turns?.bounded === true ? turns : undefined;
  }

  /**
   * Runs one exchange: waits for its turn, hands `use` a signal that also fires when the exchange lasts too long, and
   * ends the turn when `use` is done.
   * @throws {OverloadedError} when too many requests wait.
   */
  async exchange<T>(waiting: WaitingExchange, use: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const end = this.#turns === undefined ? undefined : await this.#turns.take(waiting);
    const ceiling = new AbortController();
    const { upstreamMaxDurationMs } = this.#limits;
    const timer =
      upstreamMaxDurationMs === 0
        ? undefined
        : setTimeout(() => ceiling.abort(new UpstreamError(504, 'The backend took too long.')), upstreamMaxDurationMs);
    try {
      return await use(AbortSignal.any([waiting.signal, ceiling.signal]));
    } finally {
      clearTimeout(timer);
      end?.();
    }
  }

  /**
   * Sends a request and resolves with the head of the reply.
   * @throws {UpstreamError} 502 when the backend cannot be reached, 504 when it is too slow.
   */
  async call({ method, path, headers, body, signal }: UpstreamCall): Promise<UpstreamReply> {
    try {
      const origin = this.#origin;
      const full = `${this.#basePath}${path}`;
      const request = { origin, path: full, method, headers, body, signal, responseHeaders: 'raw' } as const;
      const reply = await unlessAborted(this.#agent.request(request), signal);
      // With raw headers it is a list, which the declaration does not say.
      const raw: unknown = reply.headers;
      const list = Array.isArray(raw) ? raw.map(String) : [];
      // Errors reach whoever reads the body; after that nobody listens, and an error would end the process.
      reply.body.on('error', () => undefined);
      return { status: reply.statusCode, statusText: reply.statusText, headers: list, body: reply.body };
    } catch (cause) {
      throw upstreamError(cause);
    }
  }

  /** Finishes what runs and closes the connections. */
  async close(): Promise<void> {
    await this.#agent.close();
    await this.#turns?.close();
  }

  /** Cuts every connection. */
  async destroy(): Promise<void> {
    await this.#agent.destroy();
    await this.#turns?.close();
  }
}

/**
 * Settles as `pending`, or rejects with the reason of `signal` once that aborts: undici hears a signal only once it is
 * connected, and nobody has to wait for that.
 */
export async function unlessAborted<T>(pending: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([pending, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** Returns the error of the project for a failure on the way to or from the backend. Never throws. */
export function upstreamError(cause: unknown): SluiceError {
  if (cause instanceof UpstreamError || cause instanceof OverloadedError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (/TIMEOUT|ETIMEDOUT/.test(code)) return new UpstreamError(504, 'The backend took too long.', { cause });
  return new UpstreamError(502, 'The backend could not be reached or broke off.', { cause });
}
