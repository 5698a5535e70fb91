import type { Adapter } from '../adapters/index.js';
import { encodeSse, SseParser } from '../sse/index.js';
import { moderationNote } from './answers.js';
import type { Exchange } from './exchange.js';
import type { ScreenedStream } from './screen.js';

const LF = 0x0a;
const CR = 0x0d;

/** What an annotated stream needs. */
export interface AnnotatedStreamOptions {
  /** Judges the bytes; what it would send is not used. */
  readonly stream: ScreenedStream;
  readonly adapter: Adapter;
  readonly exchange: Exchange;
  readonly maxEventBytes: number;
}

/**
 * An event stream on its way out in mode `annotate`: every event leaves as it came, only one that ends an answer is written
 * anew with the verdict on that answer. An event leaves when it is complete; before that no client can use it.
 */
export class AnnotatedStream {
  readonly #options: AnnotatedStreamOptions;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #lineBytes = 0;
  #afterCr = false;

  constructor(options: AnnotatedStreamOptions) {
    this.#options = options;
  }

  /** Takes bytes of the backend and returns what may be sent now. */
  push(chunk: Buffer): Buffer {
    const out: Buffer[] = [];
    let start = 0;
    for (const [index, byte] of chunk.entries()) {
      const ofCrLf = byte === LF && this.#afterCr;
      this.#afterCr = byte === CR;
      if (ofCrLf) continue;
      if (byte !== LF && byte !== CR) this.#lineBytes += 1;
      else if (this.#lineBytes > 0) this.#lineBytes = 0;
      else {
        this.#hold(chunk.subarray(start, index + 1));
        start = index + 1;
        out.push(this.#takeEvent());
      }
    }
    this.#hold(chunk.subarray(start));
    // Judged as too large by now; the client gets it all the same.
    if (this.#heldBytes > this.#options.maxEventBytes) out.push(this.#takeEvent());
    return Buffer.concat(out);
  }

  /** Returns the rest after the last byte. */
  end(): Buffer {
    const rest = this.#takeEvent();
    this.#options.stream.end();
    return rest;
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
    const { stream, adapter, exchange, maxEventBytes } = this.#options;
    if (stream.failure !== undefined || bytes.length === 0) return bytes;
    const parser = new SseParser({ maxEventBytes });
    const events = parser.end(parser.feed(bytes));
    let changed = false;
    const written = events.map((event) => {
      const ends = adapter.endsChannels(event);
      const verdict = ends === undefined || ends === 'all' ? undefined : stream.verdictOf(ends);
      if (verdict === undefined) return event;
      changed = true;
      return adapter.annotate(event, moderationNote(verdict, exchange));
    });
    // The first byte may be the second half of a line end that the event before was not to wait for.
    const lineEnd = bytes[0] === LF ? '\n' : '';
    return changed ? Buffer.from(lineEnd + written.map(encodeSse).join('')) : bytes;
  }
}
