import type { EventParser } from './framing.js';
import { LineCutter } from './line-cutter.js';
import type { StreamEvent } from './stream-event.js';

/** Turns the bytes of newline-delimited JSON into one event per line; a blank line is a comment, which keeps the connection alive. */
export class NdjsonParser implements EventParser {
  readonly #lines: LineCutter;
  #events: StreamEvent[] = [];

  constructor({ maxEventBytes }: { readonly maxEventBytes: number }) {
    // A CR alone is white space inside JSON, not its end.
    this.#lines = new LineCutter({ maxEventBytes, crEndsLine: false, onLine: (line) => this.#line(line) });
  }

  /** See `EventParser`. */
  feed(chunk: Uint8Array, events: StreamEvent[] = []): StreamEvent[] {
    this.#events = events;
    this.#lines.feed(chunk);
    return events;
  }

  /** See `EventParser`. */
  end(events: StreamEvent[] = []): StreamEvent[] {
    this.#events = events;
    this.#lines.end();
    return events;
  }

  #line(line: string): number {
    this.#events.push(line.trim() === '' ? { data: '', comment: '' } : { data: line });
    return 0;
  }
}
