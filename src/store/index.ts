export * from './database.js';
export * from './dialect.js';
export * from './hit-log.js';
export * from './hit-repository.js';
export * from './open-database.js';
export * from './store-url.js';
