import { createHash } from 'node:crypto';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { ClientLimiter, ClientRule } from '../core/index.js';
import type { RedisLink } from './redis-link.js';

/** What requests are counted by. */
export interface RedisClientLimiterOptions {
  readonly rule: ClientRule;
  /** Counts while Redis is away. */
  readonly own: ClientLimiter;
  /** Called for each request that this process counts alone. */
  readonly onUnshared: () => void;
}

/** Counts in Redis, for every process together; while Redis is away each counts for itself. */
export class RedisClientLimiter implements ClientLimiter {
  readonly #shared: RateLimiterRedis;
  readonly #own: ClientLimiter;
  readonly #onUnshared: () => void;

  constructor(link: RedisLink, { rule, own, onUnshared }: RedisClientLimiterOptions) {
    this.#own = own;
    this.#onUnshared = onUnshared;
    this.#shared = new RateLimiterRedis({
      storeClient: link.client,
      keyPrefix: `${link.prefix}client`,
      points: rule.maxRequests,
      duration: rule.perSeconds,
      rejectIfRedisNotReady: true,
    });
  }

  async admit(client: string): Promise<number | undefined> {
    try {
      await this.#shared.consume(keyOf(client));
      return undefined;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return refusal.msBeforeNext;
      this.#onUnshared();
      return this.#own.admit(client);
    }
  }

  close(): Promise<void> {
    return this.#own.close();
  }
}

/** A client may be an address, which is nobody else's business. */
function keyOf(client: string): string {
  return createHash('sha256').update(client).digest('base64url').slice(0, 22);
}
