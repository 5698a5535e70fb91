export * from './fold.js';
export * from './plain-fold.js';
export * from './readings.js';
