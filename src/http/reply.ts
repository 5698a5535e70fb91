import type { ServerResponse } from 'node:http';
import { RequestBodyError, UpstreamError } from '../core/index.js';
import { labelHeaders } from './ai-label.js';
import { encodeAnswer, type ScreenedReply, STREAM_HEADERS, screenReply, sendAnswer } from './answers.js';
import type { Cancellation } from './cancellation.js';
import { framingOfBody, framingOfHead, type ReplyKind } from './framing-of.js';
import { forwardable, headerValue } from './hop-by-hop.js';
import { passReply, writeHead } from './pass-reply.js';
import { chunksOf, isJsonReply, readReply } from './read-reply.js';
import { BINARY, OF_THE_BYTES, type ReplyContext, withhold } from './reply-context.js';
import type { Exchange, ScreenedStream } from './screen.js';
import { isWide, readsAsUtf8 } from './text-body.js';
import { recordUnscreened } from './unscreened.js';
import { type UpstreamReply, upstreamError } from './upstream.js';
import type { ChunkSource } from './upstream-body.js';

/** A reply that has to be screened. */
export interface ReplyToScreen extends ReplyContext {
  readonly reply: UpstreamReply;
  readonly res: ServerResponse;
  /** Cancelled when the client goes. */
  readonly client: Cancellation;
}

/**
 * Screens a reply by what it is, whatever the request asked for: an event stream, JSON or other text. An error keeps
 * its status; only its text is screened.
 * @throws {UpstreamError} when it breaks off, is too large, or cannot be decoded.
 */
export async function sendReply(options: ReplyToScreen): Promise<void> {
  const { reply, res, screen, exchange, adapter, client } = options;
  const type = headerValue(reply.headers, 'content-type');
  if (BINARY.test(type)) return sendBinary(options, () => passReply(reply, res));
  const framing = framingOfHead(adapter, replyKind(reply, exchange));
  if (framing !== undefined) {
    const source = chunksOf(reply);
    const stream = screen.openStream(adapter, exchange, framing);
    const ours = { ...STREAM_HEADERS, ...labelHeaders(exchange) };
    const kept = forwardable(reply.headers, [...OF_THE_BYTES, ...Object.keys(ours)]);
    writeHead(res, reply, [...kept, ...Object.entries(ours).flat()]);
    res.flushHeaders();
    return pump(source, { stream, res, client });
  }
  const { bytes, blank } = await readReply(options, chunksOf(reply), headOf(options, labelHeaders(exchange)));
  const isText = !isJsonReply(reply);
  if (!isText) assertReadsAsUtf8(bytes, type);
  else if (!readsAsUtf8(bytes, type)) return sendBinary(options, async () => sendBytes(options, bytes));
  const unsaid = framingOfBody(adapter, bytes);
  if (unsaid !== undefined) {
    const stream = screen.openStream(adapter, exchange, unsaid);
    return sendBytes(options, Buffer.from(stream.push(bytes) + stream.end()), labelHeaders(exchange));
  }
  const read = { bytes, isText, headIsOut: res.headersSent };
  const { bytes: out, headers, answer } = await screenWhole(options, read);
  if (answer === undefined) return sendBytes(options, out === bytes ? out.subarray(blank) : out, headers);
  if (res.headersSent) return void res.end(encodeAnswer(answer).bytes);
  return sendAnswer(res, { ...answer, headers: { ...answer.headers, ...headers } });
}

/** What a reply says of itself before its body. */
export function replyKind({ headers }: UpstreamReply, { asked }: Exchange): ReplyKind {
  const contentType = headerValue(headers, 'content-type');
  return { contentType, whole: headerValue(headers, 'content-length') !== '', asked };
}

/** Nothing can read it, so the route says whether it passes. */
async function sendBinary(options: ReplyToScreen, pass: () => Promise<void>): Promise<void> {
  const { res, screen, exchange, route } = options;
  if (route.unscreened === 'refuse') {
    sendAnswer(res, withhold(options, undefined));
    return;
  }
  recordUnscreened(screen, { exchange, direction: 'output', refused: false });
  await pass();
}

/** Sends an event stream as far as it is vetted, at the pace of the client. */
async function pump(
  source: ChunkSource,
  {
    stream,
    res,
    client,
  }: { readonly stream: ScreenedStream; readonly res: ServerResponse; readonly client: Cancellation },
): Promise<void> {
  stream.onLate((wire) => {
    res.write(wire);
    // The backend may be silent for long, and there is nothing to wait for any more.
    if (stream.blocked) source.stop();
  });
  try {
    await source.read((chunk) => {
      const wire = stream.push(chunk);
      if (stream.blocked) source.stop();
      return write(res, wire);
    });
    res.end(stream.end());
  } catch (cause) {
    if (stream.blocked && stream.failure === undefined) {
      res.end();
      return;
    }
    // What had arrived is judged and recorded, also when nobody waits for it any more.
    const wire = stream.cut();
    if (client.reason === undefined) {
      await new Promise<void>((resolve) => res.write(wire, () => resolve()));
      // Ended like a whole one, the stream would pass for a whole one.
      res.destroy();
    }
    throw upstreamError(cause);
  }
  if (stream.failure !== undefined) throw stream.failure;
}

/** Returns what to wait for until the client has taken enough; `undefined` when it has. */
function write(res: ServerResponse, wire: string): Promise<void> | undefined {
  if (wire === '' || res.write(wire) || res.destroyed) return undefined;
  return new Promise<void>((resolve) => {
    const go = (): void => {
      res.off('drain', go).off('close', go);
      resolve();
    };
    res.once('drain', go).once('close', go);
  });
}

/** @throws {UpstreamError} when some readers of the JSON read it in another encoding than it is judged in. */
function assertReadsAsUtf8(bytes: Buffer, type: string): void {
  if (!isWide(type) && !bytes.includes(0)) return;
  throw new UpstreamError(502, 'The reply of the backend is not encoded in UTF-8.');
}

async function screenWhole(
  { reply, screen, exchange, adapter }: ReplyToScreen,
  read: { bytes: Buffer; isText: boolean; headIsOut: boolean },
): Promise<ScreenedReply> {
  try {
    return await screenReply(screen, { adapter, exchange, status: reply.status, ...read });
  } catch (cause) {
    if (!(cause instanceof RequestBodyError)) throw cause;
    throw new UpstreamError(502, 'The reply of the backend is not JSON, or nested too deep.', { cause });
  }
}

/** @param ours headers by name in lower case; they replace those of the backend */
function sendBytes(options: ReplyToScreen, bytes: Buffer, ours: Readonly<Record<string, string>> = {}): void {
  const { res, reply } = options;
  if (!res.headersSent) writeHead(res, reply, [...headOf(options, ours), 'content-length', String(bytes.length)]);
  res.end(bytes);
}

function headOf({ reply }: ReplyToScreen, ours: Readonly<Record<string, string>>): string[] {
  const kept = forwardable(reply.headers, [...OF_THE_BYTES, ...Object.keys(ours)]);
  return [...kept, ...Object.entries(ours).flat()];
}
