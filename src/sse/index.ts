export * from './encode.js';
export * from './sse-event.js';
export * from './sse-parser.js';
