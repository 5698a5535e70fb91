export * from './find-personal-data.js';
export * from './mask-personal-data.js';
