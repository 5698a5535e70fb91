export * from './appeal-repository.js';
export type { ReversedStrike } from './reverse-strike.js';
