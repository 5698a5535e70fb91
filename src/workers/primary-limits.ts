import {
  type ClientLimiter,
  type ClientRule,
  type ClientTurns,
  type EndTurn,
  type LimitSource,
  OverloadedError,
  type TurnBounds,
  type Turns,
} from '../core/index.js';
import type { PrimaryCalls, WorkerCalls } from './calls.js';
import type { Channel } from './channel.js';

type Primary = Channel<PrimaryCalls, WorkerCalls>;

/** So many refused clients are remembered; beyond, all are asked about anew. */
const MAX_REFUSED = 10_000;

/** Limits that the primary counts, for all of its workers together. */
export class PrimaryLimits implements LimitSource {
  readonly #primary: Primary;
  #turns = 0;

  constructor(primary: Primary) {
    this.#primary = primary;
  }

  clientLimiter(rule: ClientRule): ClientLimiter {
    return new PrimaryClientLimiter(this.#primary, rule);
  }

  turns(name: string, bounds: TurnBounds): Turns {
    return this.#turnsAt(name, bounds);
  }

  clientTurns(name: string, bounds: TurnBounds): ClientTurns {
    const turns = this.#turnsAt(name, bounds);
    return { take: (client, signal) => turns.take(signal, client), close: () => turns.close() };
  }

  #turnsAt(name: string, bounds: TurnBounds): PrimaryTurns {
    const newId = (): number => {
      this.#turns += 1;
      return this.#turns;
    };
    return new PrimaryTurns(this.#primary, { name, bounds, newId });
  }
}

interface Asking {
  readonly client: string;
  readonly answer: (waitMs: number | undefined) => void;
}

/** Requests that arrive together are counted with one message. */
class PrimaryClientLimiter implements ClientLimiter {
  readonly #primary: Primary;
  readonly #rule: ClientRule;
  /** Until when a refused client stays refused, on the monotonic clock: its count only rises until then. */
  readonly #refused = new Map<string, number>();
  #asking: Asking[] = [];

  constructor(primary: Primary, rule: ClientRule) {
    this.#primary = primary;
    this.#rule = rule;
  }

  admit(client: string): number | Promise<number | undefined> {
    const waitMs = (this.#refused.get(client) ?? 0) - performance.now();
    if (waitMs > 0) return waitMs;
    if (this.#asking.length === 0) setImmediate(() => void this.#ask());
    return new Promise((answer) => this.#asking.push({ client, answer }));
  }

  async close(): Promise<void> {
    this.#refused.clear();
  }

  async #ask(): Promise<void> {
    const asking = this.#asking;
    this.#asking = [];
    const clients = asking.map(({ client }) => client);
    // Without the primary this worker only ends what it has begun: nothing new arrives that could be too much.
    const answers = await this.#primary.ask('admit', { rule: this.#rule, clients }).catch(() => []);
    for (const [index, { client, answer }] of asking.entries()) {
      const waitMs = answers[index] ?? undefined;
      if (waitMs !== undefined) this.#remember(client, waitMs);
      answer(waitMs);
    }
  }

  #remember(client: string, waitMs: number): void {
    if (this.#refused.size >= MAX_REFUSED) this.#refused.clear();
    this.#refused.set(client, performance.now() + waitMs);
  }
}

interface PrimaryTurnsOptions {
  readonly name: string;
  readonly bounds: TurnBounds;
  /** Returns an id that no turn of this worker has had. */
  readonly newId: () => number;
}

/** Turns that the primary hands out, in the order in which they are asked for in all workers. */
class PrimaryTurns implements Turns {
  readonly #primary: Primary;
  readonly #options: PrimaryTurnsOptions;
  #waiting = 0;

  constructor(primary: Primary, options: PrimaryTurnsOptions) {
    this.#primary = primary;
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting;
  }

  async take(signal: AbortSignal, client?: string): Promise<EndTurn> {
    signal.throwIfAborted();
    const { name, bounds, newId } = this.#options;
    const id = newId();
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      void this.#primary.tell('end', id);
    };
    signal.addEventListener('abort', end, { once: true });
    this.#waiting += 1;
    try {
      const ask = { id, name, bounds, ...(client === undefined ? {} : { client }) };
      // Without the primary this worker only ends what it has begun.
      const answer = await this.#primary.ask('take', ask).catch(() => 'begun');
      signal.throwIfAborted();
      if (answer !== 'begun') throw new OverloadedError('Too many requests wait for the backend; try again soon.');
      return end;
    } finally {
      this.#waiting -= 1;
      signal.removeEventListener('abort', end);
    }
  }

  async close(): Promise<void> {}
}
