import type { ClientTurns, EndTurn, TurnBounds, Turns } from '../core/index.js';
import { TurnsLostError } from './bottleneck-turns.js';
import type { LimiterSource } from './limiter-source.js';

/** Turns that are counted in Redis, and where they are counted while it is away. */
export interface RedisTurnsOptions<Own> {
  readonly name: string;
  readonly bounds: TurnBounds;
  readonly shared: LimiterSource;
  readonly own: Own;
  /** Called for each turn that this process counts alone. */
  readonly onUnshared: () => void;
}

/** Turns that all processes share; while Redis is away each process hands out its own. */
export class RedisTurns implements Turns {
  readonly #options: RedisTurnsOptions<Turns>;
  #waiting = 0;

  constructor(options: RedisTurnsOptions<Turns>) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting + this.#options.own.waiting;
  }

  async take(signal: AbortSignal): Promise<EndTurn> {
    const { shared, name, bounds, own, onUnshared } = this.#options;
    this.#waiting += 1;
    try {
      const turns = shared.current?.turns(name, bounds);
      if (turns !== undefined) return await turns.take(signal);
    } catch (error) {
      if (!(error instanceof TurnsLostError)) throw error;
    } finally {
      this.#waiting -= 1;
    }
    onUnshared();
    return own.take(signal);
  }

  close(): Promise<void> {
    return this.#options.own.close();
  }
}

/** The same, with bounds for each client. */
export class RedisClientTurns implements ClientTurns {
  readonly #options: RedisTurnsOptions<ClientTurns>;

  constructor(options: RedisTurnsOptions<ClientTurns>) {
    this.#options = options;
  }

  async take(client: string, signal: AbortSignal): Promise<EndTurn> {
    const { shared, name, bounds, own, onUnshared } = this.#options;
    try {
      const turns = shared.current?.turns(`${name} ${client}`, bounds);
      if (turns !== undefined) return await turns.take(signal);
    } catch (error) {
      if (!(error instanceof TurnsLostError)) throw error;
    }
    onUnshared();
    return own.take(client, signal);
  }

  close(): Promise<void> {
    return this.#options.own.close();
  }
}
