export * from './client-counts.js';
export * from './keyed-turns.js';
export * from './limit-sources.js';
export type { RedisLimits } from './redis-limits.js';
export * from './turn-queue.js';
