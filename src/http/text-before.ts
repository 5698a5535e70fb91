import { mayContinue } from '../adapters/index.js';
import type { Exchange } from './exchange.js';

/** Returns the text that a channel or a text of the answer goes on from, as an option of the moderator; none without one. */
export function textBefore({ prefill }: Exchange, path: string): { readonly before?: string } {
  return prefill !== undefined && mayContinue(path) ? { before: prefill.text } : {};
}
