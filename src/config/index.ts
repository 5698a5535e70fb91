export * from './parse-config.js';
export * from './schema.js';
