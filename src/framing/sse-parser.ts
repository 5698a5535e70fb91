import type { EventParser } from './framing.js';
import { LineCutter } from './line-cutter.js';
import type { StreamEvent } from './stream-event.js';

/** Turns the bytes of a stream of server-sent events into events. Source: the HTML standard, section "Server-sent events". */
export class SseParser implements EventParser {
  readonly #lines: LineCutter;
  #events: StreamEvent[] = [];
  #eventBytes = 0;
  #data: string[] = [];
  #event: string | undefined;
  #id: string | undefined;

  constructor({ maxEventBytes }: { readonly maxEventBytes: number }) {
    const onLine = (line: string, bytes: number): number => this.#line(line, bytes);
    this.#lines = new LineCutter({ maxEventBytes, crEndsLine: true, onLine });
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
    this.#dispatch();
    return events;
  }

  #line(line: string, bytes: number): number {
    if (line === '') {
      this.#dispatch();
      return 0;
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    let value = colon === -1 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (name === '') {
      // Comments leave at once: they keep a connection alive while an event is still incomplete.
      this.#events.push({ data: '', comment: value });
      return this.#eventBytes;
    }
    this.#eventBytes += bytes;
    if (name === 'data') {
      this.#data.push(value);
    } else if (name === 'event') {
      this.#event = value === '' ? undefined : value;
    } else if (name === 'id' && !value.includes('\0')) {
      this.#id = value;
    }
    return this.#eventBytes;
  }

  #dispatch(): void {
    const [first] = this.#data;
    if (first !== undefined) {
      const data = this.#data.length === 1 ? first : this.#data.join('\n');
      // Nearly all have neither name nor id.
      if (this.#event === undefined && this.#id === undefined) this.#events.push({ data });
      else {
        this.#events.push({
          ...(this.#event === undefined ? {} : { event: this.#event }),
          data,
          ...(this.#id === undefined ? {} : { id: this.#id }),
        });
      }
      this.#data = [];
    }
    this.#event = undefined;
    this.#id = undefined;
    this.#eventBytes = 0;
  }
}
