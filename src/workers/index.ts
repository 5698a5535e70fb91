export * from './calls.js';
export * from './channel.js';
export * from './joint-limits.js';
export * from './joint-metrics.js';
export * from './joint-view.js';
export * from './restart-delay.js';
export * from './supervisor.js';
export * from './worker-link.js';
