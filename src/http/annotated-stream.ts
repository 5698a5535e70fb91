import type { Adapter, StreamFormat } from '../adapters/index.js';
import { StreamError } from '../core/index.js';
import type { Framing, StreamEvent } from '../framing/index.js';
import { moderationNote } from './answers.js';
import { askedOf, type Exchange } from './exchange.js';
import type { ScreenedStream } from './screen.js';

const LF = 0x0a;
const CR = 0x0d;

/** What an annotated stream needs. */
export interface AnnotatedStreamOptions {
  /** Judges the bytes; what it would send is not used. */
  readonly stream: ScreenedStream;
  readonly adapter: Adapter;
  readonly exchange: Exchange;
  readonly framing: Framing;
  readonly maxEventBytes: number;
}

/**
 * An event stream on its way out in mode `annotate`: every event leaves as it came, only one that ends an answer is written
 * anew with the verdict on that answer. An event leaves when it is complete; before that no client can use it.
 */
export class AnnotatedStream {
  readonly #options: AnnotatedStreamOptions;
  readonly #format: StreamFormat;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #lineBytes = 0;
  #afterCr = false;
  /** Set behind the event that ends the stream. */
  #over = false;

  constructor(options: AnnotatedStreamOptions) {
    this.#options = options;
    this.#format = options.adapter.openStream(askedOf(options.exchange));
  }

  /** Takes bytes of the backend and returns what may be sent now. */
  push(chunk: Buffer): Buffer {
    const { endsWith } = this.#options.framing;
    const byLine = endsWith === 'line';
    const out: Buffer[] = [];
    let start = 0;
    for (const [index, byte] of chunk.entries()) {
      const ofCrLf = byte === LF && this.#afterCr;
      this.#afterCr = byte === CR && !byLine;
      if (ofCrLf) continue;
      if (byte !== LF && (byte !== CR || byLine)) this.#lineBytes += 1;
      else if (this.#lineBytes > 0 && !byLine) this.#lineBytes = 0;
      else {
        this.#hold(chunk.subarray(start, index + 1));
        start = index + 1;
        out.push(this.#takeEvent());
      }
    }
    this.#hold(chunk.subarray(start));
    // Judged as too large by now; the client gets it all the same.
    if (endsWith === 'nothing' || this.#heldBytes > this.#options.maxEventBytes) out.push(this.#takeEvent());
    return Buffer.concat(out);
  }

  /** Returns the rest after the last byte. */
  end(): Buffer {
    this.#options.stream.end();
    return this.#takeEvent();
  }

  #hold(bytes: Buffer): void {
    this.#options.stream.push(bytes);
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
  }

  #takeEvent(): Buffer {
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    const { stream, framing, maxEventBytes } = this.#options;
    if (stream.failure !== undefined || this.#over || bytes.length === 0) return bytes;
    const parser = framing.createParser({ maxEventBytes });
    const events = parser.end(parser.feed(bytes));
    let written: readonly StreamEvent[];
    try {
      written = events.map((event) => this.#annotate(event));
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      // A piece that was cut off for its size may be no whole event; it leaves as it came.
      return bytes;
    }
    if (written.every((event, index) => event === events[index])) return bytes;
    // The first byte may be the second half of a line end that the event before was not to wait for.
    const lineEnd = bytes[0] === LF ? '\n' : '';
    return Buffer.from(lineEnd + written.map(framing.encode).join(''));
  }

  #annotate(event: StreamEvent): StreamEvent {
    if (event.comment !== undefined || this.#over) return event;
    const { stream, exchange } = this.#options;
    const { ends, last } = this.#format.read(event);
    this.#over = last;
    const verdict = ends === 'all' || ends.length === 0 ? undefined : stream.verdictOf(ends);
    if (verdict === undefined) return event;
    return this.#format.annotate(event, { moderation: moderationNote(verdict, exchange) });
  }
}
