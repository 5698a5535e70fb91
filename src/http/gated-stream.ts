import { PassThrough, type Readable } from 'node:stream';
import { RequestBodyError, StreamError } from '../core/index.js';
import { encodeSse } from '../sse/index.js';
import { type Answer, errorAnswer } from './answers.js';
import { decoded } from './read-body.js';
import { BYTE_HEADERS, type ReplyBody, type ReplyContext } from './reply-context.js';
import type { Downstream, ReplyFilter, WriteCallback } from './response-interceptor.js';
import type { ScreenedStream } from './screen.js';
import { recordUnscreened } from './unscreened.js';

/** Lets an event stream pass as far as it was judged. An encoded one leaves decoded. */
export class GatedStream implements ReplyFilter {
  readonly #context: ReplyContext;
  readonly #downstream: Downstream;
  readonly #stream: ScreenedStream;
  /** Where the bytes of an encoded stream go in, and come out plain. */
  readonly #decoder: { readonly input: PassThrough; readonly output: Readable } | undefined;
  #open = true;

  constructor(context: ReplyContext, { encoding }: ReplyBody, downstream: Downstream) {
    this.#context = context;
    this.#downstream = downstream;
    this.#stream = context.screen.openStream(context.adapter, context.exchange);
    if (encoding !== undefined) {
      try {
        this.#decoder = this.#openDecoder(encoding);
      } catch (error) {
        downstream.replace(this.#giveUp(error));
        return;
      }
    }
    for (const name of [...BYTE_HEADERS, 'content-length', 'content-encoding']) downstream.removeHeader(name);
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
      .on('error', (cause) => this.#fail(new StreamError('The stream cannot be decoded.', { cause })));
    return { input, output };
  }

  #push(bytes: Buffer, done: WriteCallback | undefined): boolean {
    if (!this.#open) return true;
    let wire: string;
    try {
      wire = this.#stream.push(bytes);
    } catch (error) {
      this.#fail(error);
      return true;
    }
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
    try {
      const wire = this.#stream.end();
      this.#close();
      this.#downstream.end(wire);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The head is out, so the client is told by an event. */
  #fail(error: unknown): void {
    if (!this.#open) return;
    this.#downstream.end(encodeSse({ data: JSON.stringify(this.#giveUp(error).body) }));
  }

  #giveUp(error: unknown): Answer {
    this.#close();
    this.#stream.cut();
    const { screen, adapter, exchange } = this.#context;
    recordUnscreened(screen.deps, { exchange, direction: 'output', refused: exchange.policy.mode === 'enforce' });
    const known = error instanceof StreamError || error instanceof RequestBodyError;
    const message = known ? error.message : 'The stream cannot be screened.';
    return errorAnswer({ status: 502, type: 'api_error', code: 'unscreened_reply', message }, adapter);
  }

  #close(): void {
    this.#open = false;
    // An encoded stream that nobody reads any further would keep its native memory.
    this.#decoder?.input.destroy();
    this.#decoder?.output.destroy();
  }
}
