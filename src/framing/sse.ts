import { encodeSse } from './encode-sse.js';
import type { Framing } from './framing.js';
import { SseParser } from './sse-parser.js';

const OPENING = /^\uFEFF?(?:data|event|id|retry)?:/;

/** Server-sent events, with or without names. */
export const SSE: Framing = {
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  endsWith: 'blank line',
  matchesType: (contentType) => /event-stream/i.test(contentType),
  recognizes: (bytes) => OPENING.test(bytes.toString('utf8', 0, 16)),
  createParser: (limits) => new SseParser(limits),
  encode: encodeSse,
};
