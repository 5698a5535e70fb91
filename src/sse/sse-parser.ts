import { StreamError } from '../core/index.js';
import type { SseEvent } from './sse-event.js';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Turns the bytes of an event stream into events; how the bytes are chunked never changes the result.
 *
 * Lines are cut on bytes and decoded whole: LF and CR never occur inside a multi-byte UTF-8 character, so a character
 * that is split over chunks needs no care. Malformed UTF-8 becomes U+FFFD.
 */
export class SseParser {
  readonly #maxEventBytes: number;
  // A byte order mark is stripped by hand, because only the very first line may carry one.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #fragments: Uint8Array[] = [];
  #fragmentBytes = 0;
  #eventBytes = 0;
  #lineBytes = 0;
  #afterCr = false;
  #firstLine = true;
  #data: string[] = [];
  #event: string | undefined;
  #id: string | undefined;

  constructor(options: { readonly maxEventBytes: number }) {
    this.#maxEventBytes = options.maxEventBytes;
  }

  /**
   * Returns the events that this chunk completes, in order. The chunk may be reused by the caller afterwards.
   *
   * @param events list to append to; it holds what came before an error, so that nothing depends on the cuts
   * @throws {StreamError} when one event is larger than `maxEventBytes`.
   */
  feed(chunk: Uint8Array, events: SseEvent[] = []): SseEvent[] {
    let start = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index];
      const skip = byte === LF && this.#afterCr;
      this.#afterCr = byte === CR;
      if (skip) {
        start = index + 1;
      } else if (byte === LF || byte === CR) {
        this.#keep(chunk.subarray(start, index));
        this.#line(this.#takeLine(), events);
        start = index + 1;
      }
    }
    if (start < chunk.length) this.#keep(chunk.slice(start));
    return events;
  }

  /**
   * Returns what a stream without a final blank line leaves behind: its text was sent, so it has to be judged too.
   *
   * @throws {StreamError} when that event is larger than `maxEventBytes`.
   */
  end(events: SseEvent[] = []): SseEvent[] {
    if (this.#fragmentBytes > 0) this.#line(this.#takeLine(), events);
    this.#dispatch(events);
    return events;
  }

  #keep(fragment: Uint8Array): void {
    this.#fragments.push(fragment);
    this.#fragmentBytes += fragment.length;
    if (this.#eventBytes + this.#fragmentBytes > this.#maxEventBytes) {
      throw new StreamError(`An event of the stream is larger than ${this.#maxEventBytes} bytes.`);
    }
  }

  #takeLine(): string {
    const [first] = this.#fragments;
    const bytes = this.#fragments.length === 1 && first !== undefined ? first : Buffer.concat(this.#fragments);
    this.#lineBytes = this.#fragmentBytes;
    this.#fragments = [];
    this.#fragmentBytes = 0;
    const line = this.#decoder.decode(bytes);
    const marked = this.#firstLine && line.startsWith('\uFEFF');
    this.#firstLine = false;
    return marked ? line.slice(1) : line;
  }

  #line(line: string, events: SseEvent[]): void {
    if (line === '') {
      this.#dispatch(events);
      return;
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    let value = colon === -1 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (name === '') {
      // Comments leave at once: they keep a connection alive while an event is still incomplete.
      events.push({ data: '', comment: value });
      return;
    }
    this.#eventBytes += this.#lineBytes;
    if (name === 'data') {
      this.#data.push(value);
    } else if (name === 'event') {
      this.#event = value === '' ? undefined : value;
    } else if (name === 'id' && !value.includes('\0')) {
      this.#id = value;
    }
  }

  #dispatch(events: SseEvent[]): void {
    if (this.#data.length > 0) {
      events.push({
        ...(this.#event === undefined ? {} : { event: this.#event }),
        data: this.#data.join('\n'),
        ...(this.#id === undefined ? {} : { id: this.#id }),
      });
    }
    this.#data = [];
    this.#event = undefined;
    this.#id = undefined;
    this.#eventBytes = 0;
  }
}
