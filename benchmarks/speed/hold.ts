import type { Measurement } from '../support/measure.js';
import { saveResult } from '../support/save-result.js';
import { measureEarlyWords } from './early-words.js';
import { measureFirstToken } from './first-token.js';
import { measureHeldSuffix } from './held-suffix.js';

/** What hold-back costs and keeps: text that waits, time to the first token, words that leave before they are judged. `--save` keeps the result. */
export async function measureHold(args: readonly string[]): Promise<Measurement[]> {
  const results = [...(await measureHeldSuffix()), ...(await measureEarlyWords()), ...(await measureFirstToken())];
  if (args.includes('--save')) saveResult('hold', results);
  return results;
}
