import type { Logger } from '../../src/core/index.js';

/** Takes what is logged and keeps none of it. */
export const quiet: Logger = { info: () => {}, warn: () => {}, error: () => {} };
