import type { Adapter, AskedReply } from '../adapters/index.js';
import { type Framing, NDJSON } from '../framing/index.js';
import { isWide } from './text-body.js';

/** A reply by its head. */
export interface ReplyKind {
  readonly contentType: string;
  /** Whether all of it is there, or how long it is: it is not made piece by piece. */
  readonly whole: boolean;
  /** What the request asks for, if that is known. */
  readonly asked: AskedReply | undefined;
}

/** Returns how a reply is framed that is a stream by what its head says; `undefined` for another. Never throws. */
export function framingOfHead(
  { framings, linesMayBeUntold }: Adapter,
  { contentType, whole, asked }: ReplyKind,
): Framing | undefined {
  const said = framings.find((framing) => framing.matchesType(contentType));
  if (said !== undefined) {
    // Nobody waits for the parts of a text that is complete, and pieces of one in another encoding cannot be read.
    return said.endsWith === 'nothing' && (whole || isWide(contentType)) ? undefined : said;
  }
  const untold =
    linesMayBeUntold === true && !whole && asked?.stream === true && /^\s*(?:$|application\/json\b)/i.test(contentType);
  // Lines of JSON often go by another name, and cannot be told from it before the end.
  return untold ? framings.find((framing) => framing === NDJSON) : undefined;
}

/** Returns how a whole reply is framed that does not say it is a stream but is one; clients that asked for a stream read it all the same. Never throws. */
export function framingOfBody({ framings }: Adapter, bytes: Buffer): Framing | undefined {
  return framings.find((framing) => framing.recognizes(bytes));
}
