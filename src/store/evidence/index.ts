export * from './evidence-cipher.js';
export * from './evidence-eraser.js';
export * from './evidence-keys.js';
export * from './evidence-log.js';
export * from './evidence-reader.js';
export * from './evidence-rotation.js';
export * from './evidence-sealer.js';
export * from './evidence-table.js';
