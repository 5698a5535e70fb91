export * from './add-findings.js';
export * from './answer-rules.js';
export * from './choose-language.js';
export * from './climb-ladder.js';
export * from './decide.js';
export { fillNotice } from './notices.js';
export * from './redact-text.js';
export type { ResolvedHold } from './resolve-hold.js';
export * from './resolve-policies.js';
