import type { Adapter } from '../adapters/index.js';
import type { Framing } from '../framing/index.js';

/** Returns how a reply that says it is a stream is framed; `undefined` when it does not say so. Never throws. */
export function framingOfType({ framings }: Adapter, contentType: string): Framing | undefined {
  return framings.find((framing) => framing.matchesType(contentType));
}

/** Returns how a whole reply is framed that does not say it is a stream but is one; clients that asked for a stream read it all the same. Never throws. */
export function framingOfBody({ framings }: Adapter, bytes: Buffer): Framing | undefined {
  return framings.find((framing) => framing.recognizes(bytes));
}
