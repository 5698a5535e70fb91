import { type EndTurn, OverloadedError, type TurnBounds, type Turns } from '../core/index.js';

interface Waiter {
  readonly start: (end: EndTurn) => void;
}

/** Turns of this process. Exact, without a timer but while somebody waits for the rate alone. O(1) per turn. */
export class TurnQueue implements Turns {
  readonly #bounds: TurnBounds;
  readonly #spacingMs: number;
  /** In order of arrival; whoever leaves is gone at once. */
  readonly #waiters = new Set<Waiter>();
  #running = 0;
  /** Before it no turn may begin, on the monotonic clock. */
  #nextStartMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(bounds: TurnBounds) {
    this.#bounds = bounds;
    this.#spacingMs = bounds.maxPerSecond === undefined ? 0 : 1000 / bounds.maxPerSecond;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Whether it would make no difference if it began anew. */
  get idle(): boolean {
    return this.#running === 0 && this.#waiters.size === 0 && this.#waitMs() <= 0;
  }

  take(signal: AbortSignal): EndTurn | Promise<EndTurn> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#waiters.size === 0 && this.#hasRoom && this.#waitMs() <= 0) return this.#begin();
    if (this.#waiters.size >= this.#bounds.maxQueued) {
      return Promise.reject(new OverloadedError('Too many requests wait for the backend; try again soon.'));
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        start: (end) => {
          signal.removeEventListener('abort', leave);
          resolve(end);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.add(waiter);
      this.#advance();
    });
  }

  /** Holds nothing beyond this process. */
  async close(): Promise<void> {}

  get #hasRoom(): boolean {
    return this.#running < this.#bounds.maxConcurrent;
  }

  #waitMs(): number {
    return this.#spacingMs === 0 ? 0 : this.#nextStartMs - performance.now();
  }

  #begin(): EndTurn {
    this.#running += 1;
    if (this.#spacingMs > 0) this.#nextStartMs = Math.max(this.#nextStartMs, performance.now()) + this.#spacingMs;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#running -= 1;
      this.#advance();
    };
  }

  /** Lets those begin that may, and comes again when time alone keeps the next one. */
  #advance(): void {
    for (const waiter of this.#waiters) {
      if (!this.#hasRoom) return;
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#comeAgain(waitMs);
        return;
      }
      this.#waiters.delete(waiter);
      waiter.start(this.#begin());
    }
  }

  #comeAgain(waitMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#advance();
    }, Math.ceil(waitMs));
  }
}
