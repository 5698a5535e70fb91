export * from './check.js';
export * from './eval.js';
export * from './hits-commands.js';
export * from './lexicon-explain.js';
export * from './lexicon-lint.js';
export * from './lexicon-stats.js';
export * from './serve.js';
export * from './subjects.js';
