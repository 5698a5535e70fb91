import Bottleneck from 'bottleneck';
import { OverloadedError } from '../core/index.js';

/** Bounds of the queue in front of the backend. */
export interface UpstreamQueueOptions {
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  readonly maxPerSecond?: number | undefined;
}

interface Waiter {
  readonly start: (release: () => void) => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Hands out turns in order of arrival.
 *
 * A job of the limiter is not one request but one turn, taken by the first request that still waits. So a request whose
 * client has gone leaves at once, and its turn is there for the next one; the limiter itself cannot withdraw a job.
 */
export class UpstreamQueue {
  readonly #limiter: Bottleneck;
  readonly #waiting: Waiter[] = [];
  /** Turns asked for and not yet given; never fewer than there are waiters. */
  #turns = 0;

  constructor({ maxConcurrent, maxQueued, maxPerSecond }: UpstreamQueueOptions) {
    this.#limiter = new Bottleneck({
      maxConcurrent,
      highWater: maxQueued,
      strategy: Bottleneck.strategy.OVERFLOW,
      ...(maxPerSecond === undefined ? {} : { minTime: Math.ceil(1000 / maxPerSecond) }),
    });
  }

  /** Requests that wait for a turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves once it is this request's turn, with the function that ends the turn.
   * @throws {OverloadedError} when too many wait already.
   * @throws the reason of `signal` once that aborts, if it is still waiting.
   */
  acquire(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const at = this.#waiting.indexOf(waiter);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        start: (release) => {
          signal.removeEventListener('abort', leave);
          resolve(release);
        },
        refuse: (error) => {
          signal.removeEventListener('abort', leave);
          reject(error);
        },
      };
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiter);
      if (this.#turns < this.#waiting.length) this.#askForTurn();
    });
  }

  #askForTurn(): void {
    this.#turns += 1;
    const turn = (): Promise<void> => {
      this.#turns -= 1;
      const next = this.#waiting.shift();
      return next === undefined ? Promise.resolve() : new Promise((release) => next.start(release));
    };
    this.#limiter.schedule(turn).catch(() => {
      // The one way a turn fails: the queue was full. Whoever came last goes.
      this.#turns -= 1;
      this.#waiting.pop()?.refuse(new OverloadedError('Too many requests wait for the backend; try again soon.'));
    });
  }
}
