export * from './answers.js';
export * from './echo-backend.js';
export * from './metrics.js';
export * from './middleware.js';
export * from './proxy.js';
export * from './read-body.js';
export * from './screen.js';
export * from './unscreened.js';
