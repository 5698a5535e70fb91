export * from './check.js';
export * from './serve.js';
