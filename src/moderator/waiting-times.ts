import type { Clock } from '../core/index.js';

/** Knows since when each part of the text that waits has been here. */
export class WaitingTimes {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #maxMs: number;
  /** Oldest first; one for each millisecond in which text came, so never more than the milliseconds that it may wait. */
  #arrivals: { end: number; readonly atMs: number }[] = [];
  /** Arrivals at the front that are forgotten; they are taken out when they are half of all, or each would cost as much as all. */
  #forgotten = 0;

  constructor(clock: Pick<Clock, 'now'>, maxMs: number) {
    this.#clock = clock;
    this.#maxMs = maxMs;
  }

  /** When the oldest text that waits has waited as long as it may, in milliseconds since the Unix epoch; `undefined` when none waits. */
  get dueAtMs(): number | undefined {
    const oldest = this.#oldest;
    return oldest && oldest.atMs + this.#maxMs;
  }

  /** Notes that text up to `held` is here, of which that before `released` waits no more. */
  note({ held, released }: { readonly held: number; readonly released: number }): void {
    this.#forget(released);
    const newest = this.#arrivals.at(-1);
    if (held <= Math.max(released, newest?.end ?? 0)) return;
    const atMs = this.#clock.now();
    if (newest?.atMs === atMs) newest.end = held;
    else this.#arrivals.push({ end: held, atMs });
  }

  /** End of the text that has waited as long as it may, which is then forgotten; `undefined` when there is none. */
  overdue(): number | undefined {
    if (this.dueAtMs === undefined) return undefined;
    const since = this.#clock.now() - this.#maxMs;
    let end: number | undefined;
    for (let next = this.#oldest; next !== undefined && next.atMs <= since; next = this.#oldest) {
      end = next.end;
      this.#forgotten += 1;
    }
    this.#tidy();
    return end;
  }

  #forget(released: number): void {
    for (let next = this.#oldest; next !== undefined && next.end <= released; next = this.#oldest) this.#forgotten += 1;
    this.#tidy();
  }

  get #oldest(): { readonly end: number; readonly atMs: number } | undefined {
    return this.#arrivals[this.#forgotten];
  }

  #tidy(): void {
    if (this.#forgotten * 2 < this.#arrivals.length) return;
    this.#arrivals = this.#arrivals.slice(this.#forgotten);
    this.#forgotten = 0;
  }
}
