import type { Clock } from '../core/index.js';

/** Knows since when each part of the text that waits has been here. */
export class WaitingTimes {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #maxMs: number;
  /** Oldest first; one for each millisecond in which text came, so never more than the milliseconds that it may wait. */
  #arrivals: { end: number; readonly atMs: number }[] = [];

  constructor(clock: Pick<Clock, 'now'>, maxMs: number) {
    this.#clock = clock;
    this.#maxMs = maxMs;
  }

  /** When the oldest text that waits has waited as long as it may, in milliseconds since the Unix epoch; `undefined` when none waits. */
  get dueAtMs(): number | undefined {
    const [oldest] = this.#arrivals;
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
    const since = this.#arrivals.length === 0 ? 0 : this.#clock.now() - this.#maxMs;
    const end = this.#arrivals.findLast(({ atMs }) => atMs <= since)?.end;
    if (end !== undefined) this.#forget(end);
    return end;
  }

  #forget(released: number): void {
    if ((this.#arrivals[0]?.end ?? Number.POSITIVE_INFINITY) > released) return;
    this.#arrivals = this.#arrivals.filter(({ end }) => end > released);
  }
}
