export * from './adapter.js';
export * from './openai-chat.js';
export * from './registry.js';
