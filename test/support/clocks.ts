import type { AlarmClock } from '../../src/core/index.js';

/** A clock that stands still. */
export const frozenClock: AlarmClock = { now: () => 0, after: () => () => undefined };

/** A clock that a test moves. */
export class HandClock implements AlarmClock {
  #nowMs = 0;
  readonly #alarms = new Map<() => void, number>();

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, ring: () => void): () => void {
    const alarm = (): void => ring();
    this.#alarms.set(alarm, this.#nowMs + delayMs);
    return () => this.#alarms.delete(alarm);
  }

  /** Alarms that are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Lets time pass, and rings what is due. */
  pass(ms: number): void {
    this.#nowMs += ms;
    for (const [alarm, dueMs] of this.#alarms) {
      if (dueMs > this.#nowMs) continue;
      this.#alarms.delete(alarm);
      alarm();
    }
  }
}
