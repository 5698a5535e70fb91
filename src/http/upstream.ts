import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Config } from '../config/index.js';
import { OverloadedError, type SluiceError, UpstreamError } from '../core/index.js';
import { Cancellation } from './cancellation.js';
import { Pool } from './undici-clients.js';
import { UpstreamBody } from './upstream-body.js';
import type { UpstreamTurns, WaitingExchange } from './upstream-turns.js';

/** A request to the backend. */
export interface UpstreamCall {
  readonly method: string;
  /** Path and query, starting with a slash. */
  readonly path: string;
  /** Names and values alternating. */
  readonly headers: string[];
  readonly body: Buffer | Readable | null;
  readonly cancellation: Cancellation;
}

/** What the backend answered; `body` is still to be read. */
export interface UpstreamReply {
  readonly status: number;
  readonly statusText: string;
  /** Names and values alternating, as they came. */
  readonly headers: string[];
  readonly body: UpstreamBody;
}

/** The one backend. Nothing in a request can choose another: its host is taken from `url` alone. */
export class Upstream {
  readonly #basePath: string;
  readonly #pool: Pool;
  readonly #limits: Config['limits'];
  readonly #turns: UpstreamTurns | undefined;

  /** @param turns what every exchange waits for; nothing when left out */
  constructor(url: string, limits: Config['limits'], turns?: UpstreamTurns) {
    const base = new URL(url);
    this.#basePath = base.pathname.replace(/\/$/, '');
    this.#limits = limits;
    this.#pool = new Pool(base.origin, {
      connect: { timeout: limits.upstreamConnectTimeoutMs },
      headersTimeout: limits.upstreamIdleTimeoutMs,
      bodyTimeout: limits.upstreamIdleTimeoutMs,
    });
    this.#turns = turns?.bounded === true ? turns : undefined;
  }

  /**
   * Runs one exchange: waits for its turn, hands `use` what is cancelled when the client goes or the exchange lasts too long,
   * and ends the turn when `use` is done.
   * @throws {OverloadedError} when too many requests wait.
   */
  async exchange<T>(waiting: WaitingExchange, use: (cancellation: Cancellation) => Promise<T>): Promise<T> {
    const end = this.#turns === undefined ? undefined : await this.#turns.take(waiting);
    const cancellation = new Cancellation();
    const forget = waiting.cancellation.onCancel((reason) => cancellation.cancel(reason));
    const { upstreamMaxDurationMs } = this.#limits;
    const timer =
      upstreamMaxDurationMs === 0
        ? undefined
        : setTimeout(
            () => cancellation.cancel(new UpstreamError(504, 'The backend took too long.')),
            upstreamMaxDurationMs,
          );
    try {
      return await use(cancellation);
    } finally {
      clearTimeout(timer);
      forget();
      end?.();
    }
  }

  /**
   * Sends a request and resolves with the head of the reply.
   * @throws {UpstreamError} 502 when the backend cannot be reached, 504 when it is too slow.
   */
  call({ method, path, headers, body, cancellation }: UpstreamCall): Promise<UpstreamReply> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => {
        // Nobody else does where there never was a connection.
        if (body instanceof Readable) body.on('error', () => undefined).destroy();
        reject(upstreamError(cause));
      };
      const request = { path: `${this.#basePath}${path}`, method: method as Dispatcher.HttpMethod, headers, body };
      this.#pool.dispatch(request, new ReplyHandler(cancellation, resolve, fail));
    });
  }

  /** Finishes what runs and closes the connections. */
  async close(): Promise<void> {
    await this.#pool.close();
    await this.#turns?.close();
  }

  /** Cuts every connection. */
  async destroy(): Promise<void> {
    await this.#pool.destroy();
    await this.#turns?.close();
  }
}

/** Turns what the backend sends into a reply: less work for each request than the streams that undici makes of it. */
class ReplyHandler implements Dispatcher.DispatchHandler {
  readonly #cancellation: Cancellation;
  readonly #resolve: (reply: UpstreamReply) => void;
  readonly #reject: (cause: unknown) => void;
  readonly #forget: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #body: UpstreamBody | undefined;

  constructor(cancellation: Cancellation, resolve: (reply: UpstreamReply) => void, reject: (cause: unknown) => void) {
    this.#cancellation = cancellation;
    this.#resolve = resolve;
    this.#reject = reject;
    // Also while there is no connection yet: nobody has to wait for that.
    this.#forget = cancellation.onCancel((reason) => {
      this.#fail(reason);
      this.#controller?.abort(reason);
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    const { reason } = this.#cancellation;
    if (reason !== undefined) controller.abort(reason);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText = ''): void {
    if (status < 200) return;
    this.#body = new UpstreamBody(controller);
    this.#resolve({ status, statusText, headers: rawHeadersOf(controller), body: this.#body });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#forget();
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#forget();
    this.#fail(error);
  }

  #fail(cause: Error): void {
    if (this.#body === undefined) this.#reject(cause);
    else this.#body.fail(cause);
  }
}

/** Headers are bytes: each becomes the unit of the same number, as Node reads and writes them. */
function rawHeadersOf({ rawHeaders }: Dispatcher.DispatchController): string[] {
  return Array.isArray(rawHeaders)
    ? rawHeaders.map((part: Buffer | string) => (typeof part === 'string' ? part : part.toString('latin1')))
    : [];
}

/** Settles as `pending`, or rejects with the reason of `signal` once that aborts. */
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
