import type { ClientLimiter, ClientRule, LimitSource, Logger, TurnBounds, Turns } from '../core/index.js';
import { ClientCounts } from './client-counts.js';
import { RedisClientLimiter } from './redis-client-limiter.js';
import { type RedisAddress, RedisLink } from './redis-link.js';
import { TurnQueue } from './turn-queue.js';

/** Counts in this process, for this process. */
export const OWN_LIMITS: LimitSource = {
  clientLimiter: (rule) => new ClientCounts(rule),
  turns: (_name, bounds) => new TurnQueue(bounds),
};

/** What limits over Redis are made of. */
export interface RedisLimitsOptions {
  readonly address: RedisAddress;
  /** Where limits are counted while Redis is away. */
  readonly own: LimitSource;
  readonly logger: Logger;
}

/** Counts in Redis, for every process that uses it. */
export class RedisLimits implements LimitSource {
  readonly #own: LimitSource;
  readonly #link: RedisLink;

  constructor({ address, own, logger }: RedisLimitsOptions) {
    this.#own = own;
    this.#link = new RedisLink(address, logger);
  }

  clientLimiter(rule: ClientRule): ClientLimiter {
    return new RedisClientLimiter(this.#link, { rule, own: this.#own.clientLimiter(rule) });
  }

  turns(name: string, bounds: TurnBounds): Turns {
    return this.#own.turns(name, bounds);
  }

  /** Cuts the connection. Idempotent. */
  close(): void {
    this.#link.close();
  }
}
