import type { Clock, Logger } from '../core/index.js';

const WARNING_INTERVAL_MS = 10_000;

/** Counts what was lost, and warns of it. */
export class DropAlarm {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #what: string;
  #dropped = 0;
  #lastWarningMs = Number.NEGATIVE_INFINITY;

  /** @param what names in the log what is lost, such as `entries` */
  constructor({ clock, logger, what }: { readonly clock: Clock; readonly logger: Logger; readonly what: string }) {
    this.#clock = clock;
    this.#logger = logger;
    this.#what = what;
  }

  /** How many were lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Counts more. A full queue drops thousands a second: there is one line per interval, the counter has the rest. */
  count(lost: number, reason: string): void {
    this.#dropped += lost;
    const now = this.#clock.now();
    // Also after a clock that was set back.
    if (now >= this.#lastWarningMs && now - this.#lastWarningMs < WARNING_INTERVAL_MS) return;
    this.#lastWarningMs = now;
    this.#logger.error({ reason, dropped: this.#dropped }, `store dropped ${this.#what}`);
  }
}
