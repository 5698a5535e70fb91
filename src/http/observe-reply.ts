import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import type { Framing } from '../framing/index.js';
import { AnnotatedStream } from './annotated-stream.js';
import { moderationHeaders, type ScreenedReply, screenReply } from './answers.js';
import { decoded } from './content-encoding.js';
import { framingOfBody, framingOfHead } from './framing-of.js';
import { forwardable, headerValue } from './hop-by-hop.js';
import { passReply, writeHead } from './pass-reply.js';
import { readBody } from './read-body.js';
import { readReply } from './read-reply.js';
import { type ReplyToScreen, replyKind } from './reply.js';
import { BINARY, OF_THE_BYTES } from './reply-context.js';
import { isWide } from './text-body.js';
import { recordUnscreened } from './unscreened.js';

/**
 * Passes a reply on byte for byte and judges it on the side, for the modes that change nothing. `annotate` keeps a whole
 * reply until the verdict is known, because that goes into the head; in a stream it goes into the last event of an answer.
 * @throws {UpstreamError} when the reply breaks off.
 */
export async function observeReply(options: ReplyToScreen): Promise<void> {
  const { reply, res, exchange, adapter } = options;
  const type = headerValue(reply.headers, 'content-type');
  const framing = framingOfHead(adapter, replyKind(reply, exchange));
  if (BINARY.test(type)) {
    unread(options);
    return passReply(reply, res);
  }
  if (exchange.policy.mode === 'annotate') {
    if (framing === undefined) return annotate(options);
    // What is encoded stays as it is: to write into it, it would have to be encoded anew.
    if (headerValue(reply.headers, 'content-encoding') === '') return annotateStream(options, framing);
  }
  const side = new PassThrough();
  const judged = framing === undefined ? judgeWhole(options, side) : judgeStream(options, { side, framing });
  try {
    await passReply(reply, res, { through: (source) => tapped(source, side) });
    side.end();
  } catch (cause) {
    side.destroy();
    throw cause;
  } finally {
    await judged;
  }
}

async function annotate(options: ReplyToScreen): Promise<void> {
  const { reply, res } = options;
  const kept = forwardable(reply.headers, ['content-length']);
  const { bytes, blank } = await readReply(options, reply.body, forwardable(reply.headers, OF_THE_BYTES));
  const side = new PassThrough();
  side.end(bytes);
  const screened = await judgeWhole(options, side);
  if (res.headersSent) {
    const isChanged = screened?.changed === true;
    res.end(isChanged ? screened.bytes : bytes.subarray(blank));
    return;
  }
  for (const [name, value] of Object.entries(screened?.headers ?? {})) res.setHeader(name, value);
  writeHead(res, reply, [...kept, 'content-length', String(bytes.length)]);
  res.end(bytes);
}

/** Passes on what it also writes to `side`, at the pace of the slower. */
async function* tapped(source: AsyncIterable<Buffer>, side: PassThrough): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    if (!side.write(chunk)) await once(side, 'drain');
    yield chunk;
  }
}

async function annotateStream(options: ReplyToScreen, framing: Framing): Promise<void> {
  const { reply, res, screen, adapter, exchange } = options;
  const stream = screen.openStream(adapter, exchange, framing);
  const { maxEventBytes } = screen.deps.config.limits;
  const annotated = new AnnotatedStream({ stream, adapter, exchange, framing, maxEventBytes });
  const through = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) yield annotated.push(chunk);
    yield annotated.end();
  };
  try {
    await passReply(reply, res, { through, without: OF_THE_BYTES });
  } catch (cause) {
    stream.cut();
    throw cause;
  } finally {
    if (stream.failure !== undefined) unread(options);
  }
}

async function judgeStream(
  options: ReplyToScreen,
  { side, framing }: { readonly side: PassThrough; readonly framing: Framing },
): Promise<void> {
  const { screen, adapter, exchange } = options;
  const stream = screen.openStream(adapter, exchange, framing);
  try {
    for await (const chunk of decode(options, side)) stream.push(chunk);
    stream.end();
  } catch {
    // The client sees what the backend sent; what had arrived is recorded, and that there was more.
    stream.cut();
  }
  if (stream.failure !== undefined) unread(options);
  side.resume();
}

async function judgeWhole(options: ReplyToScreen, side: PassThrough): Promise<ScreenedReply | undefined> {
  const { reply, screen, adapter, exchange } = options;
  const { maxBodyBytes } = screen.deps.config.limits;
  try {
    const bytes = await readBody(decode(options, side), { encoding: undefined, maxBytes: maxBodyBytes });
    if (isWide(headerValue(reply.headers, 'content-type')) || bytes.includes(0)) {
      unread(options);
      return undefined;
    }
    const framing = framingOfBody(adapter, bytes);
    if (framing !== undefined) {
      const stream = screen.openStream(adapter, exchange, framing);
      stream.push(bytes);
      stream.end();
      const verdict = stream.verdictOf('all');
      return { bytes, changed: false, headers: moderationHeaders('output', verdict, exchange), verdict };
    }
    const headIsOut = options.res.headersSent;
    return await screenReply(screen, { adapter, exchange, status: reply.status, bytes, isText: true, headIsOut });
  } catch {
    unread(options);
    return undefined;
  } finally {
    side.resume();
  }
}

function decode({ reply }: ReplyToScreen, side: PassThrough): Readable {
  return decoded(side, headerValue(reply.headers, 'content-encoding'));
}

function unread({ screen, exchange }: ReplyToScreen): void {
  recordUnscreened(screen, { exchange, direction: 'output', refused: false });
}
