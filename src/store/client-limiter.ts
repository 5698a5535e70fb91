import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { ClientLimiter, Logger } from '../core/index.js';

/** Where counts are shared by several processes. */
export interface SharedCounts {
  readonly url: string;
  readonly password: string | undefined;
  /** What every key begins with. */
  readonly prefix: string;
}

/** How many requests a client may make. */
export interface ClientLimiterOptions {
  readonly maxRequests: number;
  readonly perSeconds: number;
  /** Counts are of this process alone when left out. */
  readonly shared?: SharedCounts | undefined;
  readonly logger: Logger;
}

/** How long a command may take before this process counts alone. */
const COMMAND_TIMEOUT_MS = 500;

/**
 * Opens a limiter. It never fails: while Redis is away every process counts for itself, so that clients can make at most as many
 * times their requests as there are processes, and that is logged.
 */
export function openClientLimiter({ maxRequests, perSeconds, shared, logger }: ClientLimiterOptions): ClientLimiter {
  const own = new RateLimiterMemory({ points: maxRequests, duration: perSeconds });
  if (shared === undefined) {
    return { admit: (client) => admission(own.consume(client)), close: async () => undefined };
  }
  let away = false;
  const tell = (isAway: boolean, error?: Error): void => {
    if (isAway === away) return;
    away = isAway;
    if (isAway) logger.warn({ error: error?.message }, 'Redis does not answer; client limits hold per process');
    else logger.info({}, 'Redis answers; client limits are shared again');
  };
  const client = new Redis(shared.url, {
    ...(shared.password === undefined ? {} : { password: shared.password }),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  client.on('error', (error: Error) => tell(true, error));
  client.on('ready', () => tell(false));
  const limiter = new RateLimiterRedis({
    storeClient: client,
    keyPrefix: `${shared.prefix}client`,
    points: maxRequests,
    duration: perSeconds,
    insuranceLimiter: own,
  });
  return {
    admit: (key) => admission(limiter.consume(key)),
    async close() {
      client.disconnect();
    },
  };
}

/** Milliseconds until a refused client may come again. */
async function admission(consumed: Promise<RateLimiterRes>): Promise<number | undefined> {
  try {
    await consumed;
    return undefined;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return refusal.msBeforeNext;
    throw refusal;
  }
}
