import type { Loaded, Services } from './compose.js';
import type { Config } from './config/index.js';
import type { ClientLimiter, ClientRule, LimitSource } from './core/index.js';
import { type LimitName, OWN_LIMITS, openRedisLimits, type RedisLimits } from './limits/index.js';

/** What processes share their counts by, taken over by a reload that changes nothing about it. */
export async function composeRedisLimits(
  { redis }: Config,
  { services, previous }: { services: Services; previous: Loaded<RedisLimits | undefined> | undefined },
): Promise<Loaded<RedisLimits | undefined>> {
  const key = JSON.stringify(redis ?? null);
  if (previous?.key === key) return previous;
  if (redis === undefined) return { key, part: undefined };
  const { url, prefix, passwordEnv } = redis;
  const { logger, metrics, limits: own = OWN_LIMITS } = services;
  const address = { url, prefix, password: process.env[passwordEnv] };
  const onUnshared = (limit: LimitName): void => metrics.unsharedLimits.inc({ limit });
  return { key, part: await openRedisLimits({ address, own, logger, onUnshared }) };
}

/** Taken over by a reload that changes nothing about it: what clients have used up stays used up. */
export function composeClientLimiter(
  rule: ClientRule | undefined,
  options: {
    readonly redis: Config['redis'];
    readonly limits: LimitSource;
    readonly previous: Loaded<ClientLimiter | undefined> | undefined;
  },
): Loaded<ClientLimiter | undefined> {
  const { redis, limits, previous } = options;
  const key = JSON.stringify([rule, redis]);
  return previous?.key === key ? previous : { key, part: rule && limits.clientLimiter(rule) };
}

/** How many requests about appeals a client may make; undefined where none are taken. */
export function appealRule({ appeals: { enabled, maxRequests, perSeconds } }: Config): ClientRule | undefined {
  return enabled ? { maxRequests, perSeconds } : undefined;
}
