import Bottleneck from 'bottleneck';
import { type EndTurn, OverloadedError } from '../core/index.js';

interface Waiter {
  readonly start: (end: EndTurn) => void;
  readonly refuse: (error: Error) => void;
}

/** Tells those who wait that nobody counts their turn any more. */
export class TurnsLostError extends Error {}

/**
 * Turns that processes share by a limiter of Bottleneck over Redis.
 *
 * A job of the limiter is not one request but one turn, taken by the first request that still waits. So a request whose
 * client has gone leaves at once, and its turn is there for the next one; the limiter itself cannot withdraw a job.
 */
export class BottleneckTurns {
  readonly #limiter: Bottleneck;
  readonly #onError: (error: unknown) => void;
  readonly #waiters = new Set<Waiter>();
  /** Turns asked for and not yet given; never fewer than there are waiters. */
  #asked = 0;
  #running = 0;
  #lost = false;
  #usedMs = performance.now();

  /** @param onError called when Redis or a script there has failed */
  constructor(limiter: Bottleneck, onError: (error: unknown) => void) {
    this.#limiter = limiter;
    this.#onError = onError;
    limiter.on('error', onError);
    limiter.ready().catch(onError);
  }

  /** Turns that are taken. */
  get running(): number {
    return this.#running;
  }

  /** Requests that wait for a turn. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Milliseconds since anybody took or wanted a turn; 0 while somebody does. */
  get idleMs(): number {
    return this.#running + this.#waiters.size + this.#asked > 0 ? 0 : performance.now() - this.#usedMs;
  }

  /**
   * Resolves once it is this request's turn. Rejects with `OverloadedError` when too many wait already, with `TurnsLostError`
   * when Redis is gone, and with the reason of `signal` once that aborts.
   */
  take(signal: AbortSignal): Promise<EndTurn> {
    this.#usedMs = performance.now();
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', leave);
      };
      const waiter: Waiter = {
        start: (end) => {
          settle();
          resolve(end);
        },
        refuse: (error) => {
          settle();
          reject(error);
        },
      };
      const leave = (): void => waiter.refuse(signal.reason);
      if (signal.aborted) return reject(signal.reason);
      if (this.#lost) return reject(new TurnsLostError());
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.add(waiter);
      if (this.#asked < this.#waiters.size) this.#ask();
    });
  }

  /** Sends everybody away who waits; turns that are taken go on. */
  lose(): void {
    this.#lost = true;
    for (const waiter of this.#waiters) waiter.refuse(new TurnsLostError());
  }

  /** Ends the heartbeat of the limiter. */
  disconnect(): void {
    void this.#limiter.disconnect(false);
  }

  #ask(): void {
    this.#asked += 1;
    let begun = false;
    const turn = (): Promise<void> => {
      begun = true;
      this.#asked -= 1;
      const [next] = this.#waiters;
      if (next === undefined) return Promise.resolve();
      this.#running += 1;
      return new Promise((over) => {
        let ended = false;
        next.start(() => {
          if (ended) return;
          ended = true;
          this.#running -= 1;
          this.#usedMs = performance.now();
          over();
        });
      });
    };
    this.#limiter.schedule(turn).catch((error: unknown) => {
      if (begun) return;
      this.#asked -= 1;
      const last = [...this.#waiters].at(-1);
      // The queue was full: whoever came last goes.
      if (error instanceof Bottleneck.BottleneckError) {
        last?.refuse(new OverloadedError('Too many requests wait for the backend; try again soon.'));
      } else {
        last?.refuse(new TurnsLostError());
        this.#onError(error);
      }
    });
  }
}
