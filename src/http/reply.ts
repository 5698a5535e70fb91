import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { RequestBodyError, UpstreamError } from '../core/index.js';
import { labelHeaders } from './ai-label.js';
import { encodeAnswer, type ScreenedReply, STREAM_HEADERS, screenReply, sendAnswer } from './answers.js';
import { BlankStart } from './blank-start.js';
import { decoded } from './content-encoding.js';
import { framingOfBody, framingOfHead, type ReplyKind } from './framing-of.js';
import { forwardable, headerValue } from './hop-by-hop.js';
import { passReply, writeHead } from './pass-reply.js';
import { readBody } from './read-body.js';
import { BINARY, OF_THE_BYTES, type ReplyContext, withhold } from './reply-context.js';
import type { Exchange, ScreenedStream } from './screen.js';
import { isWide, readsAsUtf8 } from './text-body.js';
import { recordUnscreened } from './unscreened.js';
import { type UpstreamReply, upstreamError } from './upstream.js';

/** A reply that has to be screened. */
export interface ReplyToScreen extends ReplyContext {
  readonly reply: UpstreamReply;
  readonly res: ServerResponse;
  /** Fires when the client goes. */
  readonly client: AbortSignal;
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
    const source = decodeReply(reply);
    const stream = screen.openStream(adapter, exchange, framing);
    const ours = { ...STREAM_HEADERS, ...labelHeaders(exchange) };
    const kept = forwardable(reply.headers, [...OF_THE_BYTES, ...Object.keys(ours)]);
    writeHead(res, reply, [...kept, ...Object.entries(ours).flat()]);
    res.flushHeaders();
    return pump(source, { stream, res, client });
  }
  const { bytes, blank } = await readReply(options, decodeReply(reply), headOf(options, labelHeaders(exchange)));
  const isText = !isJson(reply);
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
  source: Readable,
  {
    stream,
    res,
    client,
  }: { readonly stream: ScreenedStream; readonly res: ServerResponse; readonly client: AbortSignal },
): Promise<void> {
  stream.onLate((wire) => {
    res.write(wire);
    // The backend may be silent for long, and there is nothing to wait for any more.
    if (stream.blocked) source.destroy();
  });
  try {
    for await (const chunk of source) {
      await write(res, stream.push(chunk));
      if (stream.blocked) break;
    }
    res.end(stream.end());
  } catch (cause) {
    if (stream.blocked && stream.failure === undefined) {
      res.end();
      return;
    }
    // What had arrived is judged and recorded, also when nobody waits for it any more.
    const wire = stream.cut();
    if (!client.aborted) {
      await new Promise<void>((resolve) => res.write(wire, () => resolve()));
      // Ended like a whole one, the stream would pass for a whole one.
      res.destroy();
    }
    throw upstreamError(cause);
  }
  if (stream.failure !== undefined) throw stream.failure;
}

async function write(res: ServerResponse, wire: string): Promise<void> {
  if (wire === '' || res.write(wire) || res.destroyed) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      res.off('drain', go).off('close', go);
      resolve();
    };
    res.once('drain', go).once('close', go);
  });
}

/** A whole reply. */
export interface WholeReply {
  readonly bytes: Buffer;
  /** How many of the bytes, from the first, have gone to the client already; above 0 its head is out. */
  readonly blank: number;
}

/**
 * Reads a whole reply. White space that a busy backend sends ahead of its JSON passes at once, behind a head with `headers`:
 * without it the client might give up.
 * @param headers names and values alternating
 * @throws {UpstreamError} when it breaks off or is too large.
 */
export async function readReply(
  { screen, reply, res }: ReplyToScreen,
  source: Readable,
  headers: readonly string[],
): Promise<WholeReply> {
  const { maxBodyBytes } = screen.deps.config.limits;
  // One whose length is known is there already.
  const waits = isJson(reply) && headerValue(reply.headers, 'content-length') === '';
  const start = new BlankStart();
  let blank = 0;
  const onBytes = (bytes: Buffer): void => {
    if (!waits || !start.isBlank(bytes)) return;
    if (!res.headersSent) writeHead(res, reply, headers);
    res.write(bytes);
    blank += bytes.length;
  };
  try {
    return { bytes: await readBody(source, { encoding: undefined, maxBytes: maxBodyBytes, onBytes }), blank };
  } catch (cause) {
    if (!(cause instanceof RequestBodyError)) throw cause;
    if (cause.status !== 413) throw upstreamError(cause.cause);
    throw new UpstreamError(502, `The reply of the backend is larger than ${maxBodyBytes} bytes.`, { cause });
  }
}

/** @throws {UpstreamError} when some readers of the JSON read it in another encoding than it is judged in. */
function assertReadsAsUtf8(bytes: Buffer, type: string): void {
  if (!isWide(type) && !bytes.includes(0)) return;
  throw new UpstreamError(502, 'The reply of the backend is not encoded in UTF-8.');
}

function isJson({ headers }: UpstreamReply): boolean {
  return /\bjson\b/i.test(headerValue(headers, 'content-type'));
}

function decodeReply(reply: UpstreamReply): Readable {
  try {
    return decoded(reply.body, headerValue(reply.headers, 'content-encoding'));
  } catch (cause) {
    throw new UpstreamError(502, 'The reply of the backend is encoded in a way that cannot be read.', { cause });
  }
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
