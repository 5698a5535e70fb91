import type { AlarmClock } from '../core/index.js';

/** Rings when text of a stream has waited as long as it may. One timer for a stream, whatever the number of its pieces. */
export class HoldAlarm {
  readonly #clock: AlarmClock;
  readonly #ring: () => void;
  #cancel: (() => void) | undefined;

  constructor(clock: AlarmClock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Sees to it that it rings at `dueAtMs` or before; what is due later than the timer that runs is looked at when that rings. */
  set(dueAtMs: number | undefined): void {
    if (dueAtMs === undefined || this.#cancel !== undefined) return;
    this.#cancel = this.#clock.after(Math.max(1, dueAtMs - this.#clock.now()), () => {
      this.#cancel = undefined;
      this.#ring();
    });
  }

  /** Stops the timer. Idempotent. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
