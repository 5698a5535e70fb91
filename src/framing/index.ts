export * from './encode-sse.js';
export * from './framing.js';
export * from './ndjson.js';
export * from './ndjson-parser.js';
export * from './plain-text.js';
export * from './sse.js';
export * from './sse-parser.js';
export * from './stream-event.js';
