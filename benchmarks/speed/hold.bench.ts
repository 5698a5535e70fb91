import type { Benchmark } from '../support/benchmark.js';
import { measureEarlyWords } from './early-words.js';
import { measureFirstToken } from './first-token.js';
import { measureHeldSuffix } from './held-suffix.js';

/** What hold-back costs and keeps. */
export const benchmark: Benchmark = {
  about: 'Text of a stream that waits, time to the first token, words that leave before they are judged.',
  run: async () => [...(await measureHeldSuffix()), ...(await measureEarlyWords()), ...(await measureFirstToken())],
};
