export * from './detectors.js';
export * from './enforcement.js';
export * from './listen-address.js';
export * from './notices.js';
export * from './parse-config.js';
export * from './routes.js';
export * from './schema.js';
export * from './unknown-fields.js';
