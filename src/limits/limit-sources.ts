import type { LimitSource } from '../core/index.js';
import { ClientCounts } from './client-counts.js';
import { KeyedTurns } from './keyed-turns.js';
import type { RedisLimits, RedisLimitsOptions } from './redis-limits.js';
import { TurnQueue } from './turn-queue.js';

/** Counts in this process, for this process. */
export const OWN_LIMITS: LimitSource = {
  clientLimiter: (rule) => new ClientCounts(rule),
  turns: (_name, bounds) => new TurnQueue(bounds),
  clientTurns: (_name, bounds) => new KeyedTurns(bounds),
};

/** Which limit something counts for: `client`, or `upstream`. */
export type LimitName = 'client' | 'upstream';

/** Limits that are counted in Redis, for every process that uses it. What that takes is loaded now, and for nobody else. */
export async function openRedisLimits(options: RedisLimitsOptions): Promise<RedisLimits> {
  const { RedisLimits: Limits } = await import('./redis-limits.js');
  return new Limits(options);
}
