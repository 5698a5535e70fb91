import { Readable } from 'node:stream';
import { RequestBodyError, type Verdict } from '../core/index.js';
import { errorAnswer, moderationHeaders, screenReply } from './answers.js';
import { readBody } from './read-body.js';
import { BYTE_HEADERS, type ReplyBody, type ReplyContext } from './reply-context.js';
import type { Downstream, ReplyFilter, WriteCallback } from './response-interceptor.js';
import { recordUnscreened } from './unscreened.js';

/** Holds a whole reply until it was judged. Memory is bounded by `limits.maxBodyBytes`. */
export class HeldReply implements ReplyFilter {
  readonly #context: ReplyContext;
  readonly #body: ReplyBody;
  readonly #downstream: Downstream;
  readonly #enforces: boolean;
  #held: Buffer[] = [];
  #size = 0;
  /** Set once the rest passes unread. */
  #passing = false;

  constructor(context: ReplyContext, body: ReplyBody, downstream: Downstream) {
    this.#context = context;
    this.#body = body;
    this.#downstream = downstream;
    this.#enforces = context.exchange.policy.mode === 'enforce';
  }

  write(bytes: Buffer, done: WriteCallback | undefined): boolean {
    if (this.#passing) return this.#downstream.write(bytes, done);
    this.#take(bytes);
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
    if (encoding === undefined || sent.length === 0) {
      this.#finish(sent, sent);
      return;
    }
    readBody(Readable.from([sent]), { encoding, maxBytes: this.#context.screen.deps.config.limits.maxBodyBytes })
      .then((plain) => this.#finish(sent, plain))
      .catch((error: unknown) => this.#fail(error, sent));
  }

  abandon(): void {
    // The handler may still complete the reply: then it is judged for the record, and goes nowhere.
  }

  #take(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#size += bytes.length;
    const { maxBodyBytes } = this.#context.screen.deps.config.limits;
    if (this.#size <= maxBodyBytes) return;
    const held = Buffer.concat(this.#held);
    this.#held = [];
    this.#passing = true;
    this.#giveUp(`The reply is larger than ${maxBodyBytes} bytes and cannot be screened.`, () => {
      this.#downstream.write(held);
    });
  }

  #finish(sent: Buffer, plain: Buffer): void {
    if (plain.length === 0) {
      this.#downstream.end(sent);
      return;
    }
    try {
      this.#judge(sent, plain);
    } catch (error) {
      this.#fail(error, sent);
    }
  }

  #judge(sent: Buffer, plain: Buffer): void {
    const { screen, adapter, exchange, unscreened } = this.#context;
    const { status, type } = this.#body;
    if (!looksLikeJson(type, plain) && status < 400) {
      if (unscreened === 'refuse' && this.#enforces) throw new RequestBodyError(415, 'The reply is not JSON.');
      recordUnscreened(screen.deps, { exchange, direction: 'output', refused: false });
      this.#downstream.end(sent);
      return;
    }
    const screened = screenReply(screen, { adapter, exchange, status, bytes: plain });
    this.#release({ sent, screened });
  }

  #release({
    sent,
    screened,
  }: {
    sent: Buffer;
    screened: { bytes: Buffer; changed: boolean; verdict: Verdict | undefined };
  }): void {
    const downstream = this.#downstream;
    if (this.#context.exchange.policy.mode === 'annotate') {
      const headers = moderationHeaders('output', screened.verdict);
      for (const [name, value] of Object.entries(headers)) downstream.setHeader(name, value);
    }
    if (!screened.changed) {
      downstream.end(sent);
      return;
    }
    for (const name of [...BYTE_HEADERS, 'content-encoding']) downstream.removeHeader(name);
    downstream.setLength(screened.bytes.length);
    downstream.end(screened.bytes);
  }

  #fail(error: unknown, sent: Buffer): void {
    const known = error instanceof RequestBodyError;
    this.#giveUp(known ? `The reply cannot be screened. ${error.message}` : 'The reply cannot be screened.', () => {
      this.#downstream.end(sent);
    });
  }

  /** Only mode `enforce` protects: the others record that nobody has read the reply, and let it pass. */
  #giveUp(message: string, pass: () => void): void {
    const { screen, adapter, exchange } = this.#context;
    recordUnscreened(screen.deps, { exchange, direction: 'output', refused: this.#enforces });
    if (!this.#enforces) {
      pass();
      return;
    }
    const answer = errorAnswer({ status: 502, type: 'api_error', code: 'unscreened_reply', message }, adapter);
    // The same request would give the same reply again.
    this.#downstream.replace({ ...answer, headers: { 'x-should-retry': 'false' } });
  }
}

/** Handlers often send JSON as text, without naming the type. */
function looksLikeJson(type: string, bytes: Buffer): boolean {
  if (/[/+]json$/.test(type)) return true;
  return /^(?:\uFEFF)?\s*[[{]/.test(bytes.subarray(0, 64).toString('utf8'));
}
