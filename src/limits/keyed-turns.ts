import type { ClientTurns, EndTurn, TurnBounds } from '../core/index.js';
import { TurnQueue } from './turn-queue.js';

/** So many clients are looked at with every new one, whether they can be forgotten: more than can be new. */
const LOOKED_AT = 2;

/** Turns of this process, with a queue for each client; one that makes no difference any more is forgotten. O(1) per turn. */
export class KeyedTurns implements ClientTurns {
  readonly #bounds: TurnBounds;
  readonly #queues = new Map<string, TurnQueue>();

  constructor(bounds: TurnBounds) {
    this.#bounds = bounds;
  }

  /** Clients that are remembered. */
  get size(): number {
    return this.#queues.size;
  }

  /** Whether it would make no difference if it began anew. */
  get idle(): boolean {
    return [...this.#queues.values()].every((queue) => queue.idle);
  }

  take(client: string, signal: AbortSignal): EndTurn | Promise<EndTurn> {
    let queue = this.#queues.get(client);
    if (queue === undefined) {
      this.#forget();
      queue = new TurnQueue(this.#bounds);
      this.#queues.set(client, queue);
    }
    return queue.take(signal);
  }

  /** Holds nothing beyond this process. */
  async close(): Promise<void> {}

  #forget(): void {
    let left = LOOKED_AT;
    for (const [client, queue] of this.#queues) {
      if (left === 0) return;
      left -= 1;
      this.#queues.delete(client);
      // Its turn to be looked at comes again after that of all others.
      if (!queue.idle) this.#queues.set(client, queue);
    }
  }
}
