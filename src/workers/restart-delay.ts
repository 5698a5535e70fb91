const FIRST_MS = 100;
const LONGEST_MS = 30_000;
/** Whoever has lived so long is no case for patience any more. */
const HEALTHY_MS = 60_000;

/** How long to wait before a process that ended is started again: twice as long each time, until one lives for a minute. */
export class RestartDelay {
  #endsInRow = 0;

  /** Milliseconds to wait now that one has ended after it ran for `livedMs`. */
  next(livedMs: number): number {
    this.#endsInRow = livedMs >= HEALTHY_MS ? 1 : this.#endsInRow + 1;
    return Math.min(FIRST_MS * 2 ** (this.#endsInRow - 1), LONGEST_MS);
  }
}
