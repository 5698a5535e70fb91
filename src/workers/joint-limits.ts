import { OverloadedError } from '../core/index.js';
import { ClientCounts, KeyedTurns } from '../limits/index.js';
import type { AdmitAsk, TakeAnswer, TakeAsk } from './calls.js';

interface Counts {
  readonly counts: ClientCounts;
  readonly lastsMs: number;
  usedMs: number;
}

/** The limits of all workers, counted in the primary. What a worker holds ends with it. */
export class JointLimits {
  /** By rule: around a reload some workers are still on the rule before. */
  readonly #counts = new Map<string, Counts>();
  /** By name and bounds. */
  readonly #queues = new Map<string, KeyedTurns>();
  /** By worker, and there by the id of the turn: ends it, or stops to wait for it. */
  readonly #turns = new Map<number, Map<number, () => void>>();

  /** For each request how long its client has to wait, in milliseconds; null when it may go on. */
  admit({ rule, clients }: AdmitAsk): (number | null)[] {
    const counts = this.#countsOf(rule);
    return clients.map((client) => counts.admit(client) ?? null);
  }

  /** Takes a turn for a worker. */
  async take(worker: number, { id, name, bounds, client = '' }: TakeAsk): Promise<TakeAnswer> {
    const held = this.#turns.get(worker) ?? new Map<number, () => void>();
    this.#turns.set(worker, held);
    const gone = new AbortController();
    held.set(id, () => gone.abort());
    try {
      const end = await this.#queueOf(name, bounds).take(client, gone.signal);
      if (gone.signal.aborted) {
        end();
        return 'left';
      }
      held.set(id, end);
      return 'begun';
    } catch (error) {
      held.delete(id);
      return error instanceof OverloadedError ? 'overloaded' : 'left';
    }
  }

  /** Ends a turn of a worker, or lets it wait for that no more. */
  end(worker: number, id: number): void {
    const held = this.#turns.get(worker);
    held?.get(id)?.();
    held?.delete(id);
  }

  /** Ends everything that a worker holds or waits for. */
  leave(worker: number): void {
    for (const id of [...(this.#turns.get(worker)?.keys() ?? [])]) this.end(worker, id);
    this.#turns.delete(worker);
  }

  #countsOf(rule: AdmitAsk['rule']): ClientCounts {
    const nowMs = performance.now();
    const key = JSON.stringify([rule.maxRequests, rule.perSeconds]);
    let found = this.#counts.get(key);
    if (found === undefined) {
      for (const [other, { usedMs, lastsMs }] of this.#counts) {
        if (usedMs + lastsMs < nowMs) this.#counts.delete(other);
      }
      found = { counts: new ClientCounts(rule), lastsMs: rule.perSeconds * 1000, usedMs: nowMs };
      this.#counts.set(key, found);
    }
    found.usedMs = nowMs;
    return found.counts;
  }

  #queueOf(name: string, bounds: TakeAsk['bounds']): KeyedTurns {
    const key = JSON.stringify([name, bounds.maxConcurrent, bounds.maxQueued, bounds.maxPerSecond]);
    let found = this.#queues.get(key);
    if (found === undefined) {
      for (const [other, queue] of this.#queues) if (queue.idle) this.#queues.delete(other);
      found = new KeyedTurns(bounds);
      this.#queues.set(key, found);
    }
    return found;
  }
}
