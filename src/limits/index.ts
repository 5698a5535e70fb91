export * from './client-counts.js';
export * from './keyed-turns.js';
export * from './limit-sources.js';
export * from './turn-queue.js';
