import type { EventParser, Framing } from './framing.js';
import type { StreamEvent } from './stream-event.js';

/** Plain text that arrives in pieces: each piece is an event, cut at whole characters only. */
export const PLAIN_TEXT: Framing = {
  name: 'text',
  contentType: 'text/plain; charset=utf-8',
  endsWith: 'nothing',
  matchesType: (contentType) => /^\s*text\/plain\b/i.test(contentType),
  recognizes: () => false,
  createParser: ({ maxEventBytes }) => new PlainTextParser(maxEventBytes),
  encode: ({ data }) => data,
};

class PlainTextParser implements EventParser {
  readonly #maxEventBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(maxEventBytes: number) {
    this.#maxEventBytes = maxEventBytes;
  }

  feed(chunk: Uint8Array, events: StreamEvent[] = []): StreamEvent[] {
    // A larger chunk is no error: where text is cut means nothing.
    for (let at = 0; at < chunk.length; at += this.#maxEventBytes) {
      this.#push(this.#decoder.decode(chunk.subarray(at, at + this.#maxEventBytes), { stream: true }), events);
    }
    return events;
  }

  end(events: StreamEvent[] = []): StreamEvent[] {
    this.#push(this.#decoder.decode(), events);
    return events;
  }

  #push(data: string, events: StreamEvent[]): void {
    if (data !== '') events.push({ data });
  }
}
