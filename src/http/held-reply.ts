import { Readable } from 'node:stream';
import { RequestBodyError, StoreError } from '../core/index.js';
import { labelHeaders } from './ai-label.js';
import { encodeAnswer, moderationHeaders, type ScreenedReply, screenReply } from './answers.js';
import { BlankStart } from './blank-start.js';
import { failureAnswer } from './early-answer.js';
import { framingOfBody } from './framing-of.js';
import { readBody } from './read-body.js';
import { BYTE_HEADERS, type ReplyBody, type ReplyContext, withhold } from './reply-context.js';
import type { Downstream, ReplyFilter, WriteCallback } from './response-interceptor.js';
import { isWide, readsAsUtf8 } from './text-body.js';
import { recordUnscreened } from './unscreened.js';

/** Holds a whole reply until it was judged. Memory is bounded by `limits.maxBodyBytes`. */
export class HeldReply implements ReplyFilter {
  readonly #context: ReplyContext;
  readonly #body: ReplyBody;
  readonly #downstream: Downstream;
  #held: Buffer[] = [];
  #size = 0;
  /** Set once the rest passes unread. */
  #passing = false;
  readonly #start = new BlankStart();
  /** How many of the bytes, from the first, have gone to the client already; above 0 its head is out. */
  #blank = 0;

  constructor(context: ReplyContext, body: ReplyBody, downstream: Downstream) {
    this.#context = context;
    this.#body = body;
    this.#downstream = downstream;
  }

  write(bytes: Buffer, done: WriteCallback | undefined): boolean {
    if (this.#passing) return this.#downstream.write(bytes, done);
    this.#take(bytes);
    if (this.#mayPassBlank(bytes)) return this.#passBlank(bytes, done);
    // Called although nothing has left: whoever waits for it before the next write would wait forever.
    if (done !== undefined) process.nextTick(done);
    return !this.#downstream.needsDrain;
  }

  end(bytes: Buffer): void {
    if (!this.#passing) this.#take(bytes);
    if (this.#passing) {
      this.#downstream.end(bytes);
      return;
    }
    const sent = Buffer.concat(this.#held);
    this.#held = [];
    const { encoding } = this.#body;
    if (sent.length === 0) {
      this.#downstream.end(sent);
      return;
    }
    const { maxBodyBytes: maxBytes } = this.#context.screen.deps.config.limits;
    const plain =
      encoding === undefined ? Promise.resolve(sent) : readBody(Readable.from([sent]), { encoding, maxBytes });
    plain
      .then((bytes) => this.#judge(sent, bytes))
      .catch((error: unknown) => this.#giveUp(error, () => this.#downstream.end(sent.subarray(this.#blank))));
  }

  abandon(): void {
    // The handler may still complete the reply: then it is judged for the record, and goes nowhere.
  }

  /** White space that a busy backend sends ahead of its JSON, so that the client does not give up. */
  #mayPassBlank(bytes: Buffer): boolean {
    const { type, encoding, announced } = this.#body;
    if (encoding !== undefined || announced || !/\bjson\b/.test(type)) return false;
    return !this.#passing && this.#start.isBlank(bytes) && bytes.length > 0;
  }

  #passBlank(bytes: Buffer, done: WriteCallback | undefined): boolean {
    if (this.#blank === 0) {
      for (const name of BYTE_HEADERS) this.#downstream.removeHeader(name);
      for (const [name, value] of Object.entries(labelHeaders(this.#context.exchange))) {
        this.#downstream.setHeader(name, value);
      }
    }
    this.#blank += bytes.length;
    return this.#downstream.write(bytes, done);
  }

  #take(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#size += bytes.length;
    const { maxBodyBytes } = this.#context.screen.deps.config.limits;
    if (this.#size <= maxBodyBytes) return;
    const held = Buffer.concat(this.#held);
    this.#held = [];
    this.#passing = true;
    const reason = new RequestBodyError(413, `It is larger than ${maxBodyBytes} bytes.`);
    this.#giveUp(reason, () => this.#downstream.write(held.subarray(this.#blank)));
  }

  async #judge(sent: Buffer, plain: Buffer): Promise<void> {
    if (plain.length === 0) {
      this.#downstream.end(sent);
      return;
    }
    const { screen, adapter, exchange, route } = this.#context;
    const { status, type } = this.#body;
    const isText = !/\bjson\b/.test(type);
    if (!isText && (isWide(type) || plain.includes(0))) throw new RequestBodyError(415, 'It is not encoded in UTF-8.');
    if (isText && !readsAsUtf8(plain, type)) {
      if (route.unscreened === 'refuse') throw new RequestBodyError(415, 'It is not text.');
      recordUnscreened(screen, { exchange, direction: 'output', refused: false });
      this.#downstream.end(sent);
      return;
    }
    const framing = framingOfBody(adapter, plain);
    if (framing !== undefined) {
      const stream = screen.openStream(adapter, exchange, framing);
      const bytes = Buffer.from(stream.push(plain) + stream.end());
      const changed = exchange.policy.mode === 'enforce';
      if (!changed && stream.failure !== undefined) {
        recordUnscreened(screen, { exchange, direction: 'output', refused: false });
      }
      const verdict = stream.verdictOf('all');
      const headers = { ...moderationHeaders('output', verdict, exchange), ...labelHeaders(exchange) };
      this.#release(sent, { bytes, changed, headers, verdict });
      return;
    }
    const read = { adapter, exchange, status, bytes: plain, isText, headIsOut: this.#blank > 0 };
    this.#release(sent, await screenReply(screen, read));
  }

  #release(sent: Buffer, { bytes, changed, headers, answer }: ScreenedReply): void {
    const downstream = this.#downstream;
    if (this.#blank > 0) {
      if (answer !== undefined) downstream.end(encodeAnswer(answer).bytes);
      else downstream.end(changed ? bytes : sent.subarray(this.#blank));
      return;
    }
    for (const [name, value] of Object.entries(headers)) downstream.setHeader(name, value);
    if (answer !== undefined) {
      downstream.replace(answer);
      return;
    }
    if (!changed) {
      downstream.end(sent);
      return;
    }
    for (const name of [...BYTE_HEADERS, 'content-encoding']) downstream.removeHeader(name);
    downstream.setLength(bytes.length);
    downstream.end(bytes);
  }

  /** Only mode `enforce` protects: the others record that nobody has read the reply, and let it pass. */
  #giveUp(reason: unknown, pass: () => void): void {
    if (reason instanceof StoreError) {
      // In any mode: whoever lets the record decide about traffic wants nothing to pass without it.
      this.#downstream.replace(failureAnswer(reason, this.#context.adapter));
      return;
    }
    const answer = withhold(this.#context, reason);
    if (this.#context.exchange.policy.mode === 'enforce') this.#downstream.replace(answer);
    else pass();
  }
}
