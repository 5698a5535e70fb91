import type { Framing } from '../framing/index.js';
import { AnnotatedStream } from './annotated-stream.js';
import { OF_THE_BYTES, type ReplyContext } from './reply-context.js';
import type { Downstream, ReplyFilter, WriteCallback } from './response-interceptor.js';
import type { ScreenedStream } from './screen.js';
import { recordUnscreened } from './unscreened.js';

/** Lets an event stream pass in mode `annotate`, with the verdict on each answer in the event that ends it. */
export class AnnotatedReply implements ReplyFilter {
  readonly #context: ReplyContext;
  readonly #downstream: Downstream;
  readonly #stream: ScreenedStream;
  readonly #annotated: AnnotatedStream;

  constructor(context: ReplyContext, framing: Framing, downstream: Downstream) {
    const { screen, adapter, exchange } = context;
    const { maxEventBytes } = screen.deps.config.limits;
    this.#context = context;
    this.#downstream = downstream;
    this.#stream = screen.openStream(adapter, exchange, framing);
    this.#annotated = new AnnotatedStream({ stream: this.#stream, adapter, exchange, framing, maxEventBytes });
    for (const name of OF_THE_BYTES) downstream.removeHeader(name);
  }

  write(bytes: Buffer, done: WriteCallback | undefined): boolean {
    const out = this.#annotated.push(bytes);
    if (out.length > 0) return this.#downstream.write(out, done);
    if (done !== undefined) process.nextTick(done);
    return !this.#downstream.needsDrain;
  }

  end(bytes: Buffer): void {
    this.#downstream.end(Buffer.concat([this.#annotated.push(bytes), this.#annotated.end()]));
    this.#noteFailure();
  }

  abandon(): void {
    this.#stream.cut();
    this.#noteFailure();
  }

  /** A stream that broke was not read to its end. */
  #noteFailure(): void {
    if (this.#stream.failure === undefined) return;
    const { screen, exchange } = this.#context;
    recordUnscreened(screen, { exchange, direction: 'output', refused: false });
  }
}
