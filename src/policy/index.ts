export * from './add-findings.js';
export * from './decide.js';
export * from './redact-text.js';
export type { ResolvedHold } from './resolve-hold.js';
export * from './resolve-policies.js';
