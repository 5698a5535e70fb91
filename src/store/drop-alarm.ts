import type { Clock, Logger } from '../core/index.js';

const WARNING_INTERVAL_MS = 10_000;

/** Counts entries that were lost, and warns of them. */
export class DropAlarm {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #dropped = 0;
  #lastWarningMs = Number.NEGATIVE_INFINITY;

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Entries lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Counts more. A full queue drops thousands a second: there is one line per interval, the counter has the rest. */
  count(entries: number, reason: string): void {
    this.#dropped += entries;
    const now = this.#clock.now();
    // Also after a clock that was set back.
    if (now >= this.#lastWarningMs && now - this.#lastWarningMs < WARNING_INTERVAL_MS) return;
    this.#lastWarningMs = now;
    this.#logger.error({ reason, dropped: this.#dropped }, 'store dropped entries');
  }
}
