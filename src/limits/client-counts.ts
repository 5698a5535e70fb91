import type { ClientLimiter, ClientRule } from '../core/index.js';

/** The requests of one client since its time began. */
interface Count {
  requests: number;
  /** When its time is over, on the monotonic clock. */
  readonly endMs: number;
}

/** What is over is forgotten at this rate, faster than clients can be new. */
const FORGOTTEN_PER_REQUEST = 2;

/** Counts of this process. Without timers, and its memory follows the clients of the last `perSeconds`. O(1) per request. */
export class ClientCounts implements ClientLimiter {
  readonly #rule: ClientRule;
  /** In the order in which their times are over: all are as long, and whose begins anew goes to the end. */
  readonly #counts = new Map<string, Count>();

  constructor(rule: ClientRule) {
    this.#rule = rule;
  }

  /** Clients that are remembered. */
  get size(): number {
    return this.#counts.size;
  }

  admit(client: string): number | undefined {
    const nowMs = performance.now();
    const count = this.#counts.get(client);
    if (count !== undefined && count.endMs > nowMs) {
      count.requests += 1;
      return count.requests > this.#rule.maxRequests ? count.endMs - nowMs : undefined;
    }
    if (count !== undefined) this.#counts.delete(client);
    this.#forget(nowMs);
    this.#counts.set(client, { requests: 1, endMs: nowMs + this.#rule.perSeconds * 1000 });
    return undefined;
  }

  async close(): Promise<void> {
    this.#counts.clear();
  }

  #forget(nowMs: number): void {
    let left = FORGOTTEN_PER_REQUEST;
    for (const [client, { endMs }] of this.#counts) {
      if (endMs > nowMs || left === 0) return;
      this.#counts.delete(client);
      left -= 1;
    }
  }
}
