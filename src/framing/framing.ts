import type { StreamEvent } from './stream-event.js';

/** Turns the bytes of a stream into events; how the bytes are chunked never changes the result, save for plain text. */
export interface EventParser {
  /**
   * Returns the events that this chunk completes, in order. The chunk may be reused by the caller afterwards.
   *
   * @param events list to append to; it holds what came before an error, so that nothing depends on the cuts
   * @throws {StreamError} when one event is larger than the limit.
   */
  feed(chunk: Uint8Array, events?: StreamEvent[]): StreamEvent[];
  /**
   * Returns what a stream leaves behind that does not end as its framing has it: its text was sent, so it has to be judged too.
   *
   * @throws {StreamError} when that event is larger than the limit.
   */
  end(events?: StreamEvent[]): StreamEvent[];
}

/** One way to put events into a byte stream. */
export interface Framing {
  readonly name: 'sse' | 'ndjson' | 'text';
  /** Content type of a stream that we write ourselves. */
  readonly contentType: string;
  /** Where the bytes may be cut so that no event is split: behind a blank line, behind any line, or anywhere. */
  readonly endsWith: 'blank line' | 'line' | 'nothing';
  /** Whether a reply with this content type is framed so. Never throws. */
  matchesType(contentType: string): boolean;
  /** Whether a whole reply that claims another content type is framed so all the same. Never throws. */
  recognizes(bytes: Buffer): boolean;
  createParser(limits: { readonly maxEventBytes: number }): EventParser;
  /**
   * Returns the wire form of an event.
   *
   * @throws {StreamError} when a part of it holds a line break that would forge further events.
   */
  encode(event: StreamEvent): string;
}
