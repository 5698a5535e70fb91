/** Somebody who waits until so many of the accepted entries are settled. */
interface Waiter {
  readonly target: number;
  readonly resolve: () => void;
}

/** Those who wait for entries to be written, each for a bounded time. */
export class CommitWaiters {
  #waiters: Waiter[] = [];

  /** Resolves to true once `target` entries are settled, to false when that takes longer than `timeoutMs`. */
  wait(target: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      }, timeoutMs);
      const waiter = {
        target,
        resolve: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  /** Tells those who wait for no more than `settled` entries. */
  wake(settled: number): void {
    const waiting = this.#waiters;
    this.#waiters = waiting.filter(({ target }) => target > settled);
    for (const { target, resolve } of waiting) if (target <= settled) resolve();
  }
}
