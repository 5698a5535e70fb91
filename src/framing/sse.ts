import { encodeSse } from './encode-sse.js';
import type { Framing } from './framing.js';
import { SseParser } from './sse-parser.js';

const OPENING = /^(?:\xef\xbb\xbf)?[\r\n]*(?:data|event|id|retry)?:/;
/** A line that readers of events take for one, wherever it stands: they pass over what they do not know. */
const DATA_LINE = /[\r\n]data:[ \t]*["[{]/;
/** Length of a beginning that tells, bytes. */
const OPENING_BYTES = 64;

/** Server-sent events, with or without names. */
export const SSE: Framing = {
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  endsWith: 'blank line',
  matchesType: (contentType) => /event-stream/i.test(contentType),
  recognizes: (bytes) =>
    OPENING.test(bytes.toString('latin1', 0, OPENING_BYTES)) ||
    ((bytes.includes('\ndata:') || bytes.includes('\rdata:')) && DATA_LINE.test(bytes.toString('latin1'))),
  createParser: (limits) => new SseParser(limits),
  encode: encodeSse,
};
