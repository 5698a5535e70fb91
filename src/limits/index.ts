export * from './client-counts.js';
export * from './limit-sources.js';
export * from './redis-link.js';
export * from './turn-queue.js';
