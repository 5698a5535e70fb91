export * from './adapter.js';
export * from './anthropic-messages.js';
export * from './data-url.js';
export * from './map-strings.js';
export * from './openai-chat.js';
export * from './registry.js';
export * from './stream-format.js';
export * from './write-json.js';
