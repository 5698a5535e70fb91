import { PassThrough, type Readable } from 'node:stream';
import type { Framing } from '../framing/index.js';
import { labelHeaders } from './ai-label.js';
import { decoded } from './content-encoding.js';
import { OF_THE_BYTES, type ReplyBody, type ReplyContext, withhold } from './reply-context.js';
import type { Downstream, ReplyFilter, WriteCallback } from './response-interceptor.js';
import type { ScreenedStream } from './screen.js';

/** The body of a reply that is a stream. */
export interface FramedBody extends ReplyBody {
  readonly framing: Framing;
}

/** Lets an event stream pass as far as it was judged. An encoded one leaves decoded. */
export class GatedStream implements ReplyFilter {
  readonly #downstream: Downstream;
  readonly #stream: ScreenedStream;
  /** Where the bytes of an encoded stream go in, and come out plain. */
  readonly #decoder: { readonly input: PassThrough; readonly output: Readable } | undefined;
  #open = true;

  constructor(context: ReplyContext, { encoding, framing }: FramedBody, downstream: Downstream) {
    this.#downstream = downstream;
    this.#stream = context.screen.openStream(context.adapter, context.exchange, framing);
    this.#stream.onLate((wire) => this.#send(wire, undefined));
    if (encoding !== undefined) {
      try {
        this.#decoder = this.#openDecoder(encoding);
      } catch (error) {
        this.#close();
        downstream.replace(withhold(context, error));
        return;
      }
    }
    for (const name of OF_THE_BYTES) downstream.removeHeader(name);
    for (const [name, value] of Object.entries(labelHeaders(context.exchange))) downstream.setHeader(name, value);
    downstream.flushHead();
  }

  write(bytes: Buffer, done: WriteCallback | undefined): boolean {
    if (this.#decoder === undefined) return this.#push(bytes, done);
    this.#decoder.input.write(bytes);
    if (done !== undefined) process.nextTick(done);
    return !this.#downstream.needsDrain;
  }

  end(bytes: Buffer): void {
    if (this.#decoder !== undefined) {
      this.#decoder.input.end(bytes);
      return;
    }
    if (bytes.length > 0) this.#push(bytes, undefined);
    this.#finish();
  }

  drained(): void {
    this.#decoder?.output.resume();
  }

  abandon(): void {
    if (!this.#open) return;
    this.#close();
    this.#stream.cut();
  }

  #openDecoder(encoding: string): { readonly input: PassThrough; readonly output: Readable } {
    const input = new PassThrough();
    const output = decoded(input, encoding);
    output
      .on('data', (bytes: Buffer) => {
        if (!this.#push(bytes, undefined)) output.pause();
      })
      .on('end', () => this.#finish())
      .on('error', () => this.#breakOff());
    return { input, output };
  }

  #push(bytes: Buffer, done: WriteCallback | undefined): boolean {
    if (!this.#open) return true;
    return this.#send(this.#stream.push(bytes), done);
  }

  #send(wire: string, done: WriteCallback | undefined): boolean {
    if (this.#stream.blocked) {
      this.#close();
      this.#downstream.end(wire);
      if (done !== undefined) process.nextTick(done);
      return true;
    }
    if (wire !== '') return this.#downstream.write(wire, done);
    if (done !== undefined) process.nextTick(done);
    return !this.#downstream.needsDrain;
  }

  #finish(): void {
    if (!this.#open) return;
    this.#close();
    this.#downstream.end(this.#stream.end());
  }

  /** The head is out, so the client is told by an event, behind the text that was judged. */
  #breakOff(): void {
    if (!this.#open) return;
    this.#close();
    this.#downstream.end(this.#stream.cut());
  }

  #close(): void {
    this.#open = false;
    // An encoded stream that nobody reads any further would keep its native memory.
    this.#decoder?.input.destroy();
    this.#decoder?.output.destroy();
  }
}
