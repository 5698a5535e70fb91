export * from './load-model.js';
