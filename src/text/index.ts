export * from './fold.js';
export * from './readings.js';
