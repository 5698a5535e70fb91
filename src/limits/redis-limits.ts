import type { ClientLimiter, ClientRule, ClientTurns, LimitSource, Logger, TurnBounds, Turns } from '../core/index.js';
import type { LimitName } from './limit-sources.js';
import { LimiterSource } from './limiter-source.js';
import { RedisClientLimiter } from './redis-client-limiter.js';
import { type RedisAddress, RedisLink } from './redis-link.js';
import { RedisClientTurns, RedisTurns } from './redis-turns.js';
import { LIMITER_TIMING, type LimiterTiming } from './shared-limiters.js';

/** What limits over Redis are made of. */
export interface RedisLimitsOptions {
  readonly address: RedisAddress;
  /** Where limits are counted while Redis is away. */
  readonly own: LimitSource;
  readonly logger: Logger;
  /** How processes tell each other that they live; the same for all of them. */
  readonly timing?: LimiterTiming;
  /** Called for each request that is counted without Redis. */
  readonly onUnshared: (limit: LimitName) => void;
}

/** Counts in Redis, for every process that uses it. */
export class RedisLimits implements LimitSource {
  readonly #options: RedisLimitsOptions;
  readonly #link: RedisLink;
  /** Connects when somebody wants turns. */
  #limiters: LimiterSource | undefined;

  constructor(options: RedisLimitsOptions) {
    this.#options = options;
    this.#link = new RedisLink(options.address, options.logger);
  }

  /** Whether limits are shared now. */
  get healthy(): boolean {
    return this.#link.healthy && (this.#limiters === undefined || this.#limiters.current !== undefined);
  }

  clientLimiter(rule: ClientRule): ClientLimiter {
    const { own, onUnshared } = this.#options;
    const ownLimiter = own.clientLimiter(rule);
    return new RedisClientLimiter(this.#link, { rule, own: ownLimiter, onUnshared: () => onUnshared('client') });
  }

  turns(name: string, bounds: TurnBounds): Turns {
    return new RedisTurns({ ...this.#turnOptions(name, bounds), own: this.#options.own.turns(name, bounds) });
  }

  clientTurns(name: string, bounds: TurnBounds): ClientTurns {
    const own = this.#options.own.clientTurns(name, bounds);
    return new RedisClientTurns({ ...this.#turnOptions(name, bounds), own });
  }

  /** Lets go of Redis. Idempotent. */
  close(): void {
    this.#limiters?.close();
    this.#link.close();
  }

  #turnOptions(name: string, bounds: TurnBounds) {
    this.#limiters ??= new LimiterSource(this.#link, this.#options.timing ?? LIMITER_TIMING);
    return { name, bounds, shared: this.#limiters, onUnshared: () => this.#options.onUnshared('upstream') };
  }
}
