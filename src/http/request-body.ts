import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { RequestBodyError } from '../core/index.js';
import { hasBody } from './early-answer.js';
import { parseJsonBody, readBody } from './read-body.js';

/** A request as the middleware meets it: perhaps a parser of the host was there before. */
export type HostRequest = IncomingMessage & { body?: unknown };

/** How bodies are taken. */
export interface TakeBodyOptions {
  readonly maxBodyBytes: number;
  readonly maxJsonDepth: number;
  /** Whether the path alone says that the body is JSON of a known format. */
  readonly named: boolean;
}

/** The body of a request, as a JSON value. */
export interface TakenBody {
  /** `undefined` when there is no body, or none that can be read as JSON. */
  readonly value: unknown;
  /** Whether the request carries a body at all. */
  readonly present: boolean;
  /** Gives the host the body it may see: as `req.body`, and to whoever reads the request after us. */
  handOver(value: unknown, options: { readonly verbatim: boolean }): void;
}

/**
 * Takes the body of a request from the parser of the host, or reads it.
 * @throws {RequestBodyError} when it cannot be read, is too large or too deep, or is no JSON on a path that asks for it.
 */
export async function takeBody(req: HostRequest, options: TakeBodyOptions): Promise<TakenBody> {
  const present = hasBody(req);
  const wanted = options.named || /\bjson\b/i.test(req.headers['content-type'] ?? '');
  if (isParsed(req, present)) return takeParsed(req, { ...options, wanted });
  const unread = present && wanted && !req.readableDidRead;
  if (!unread) return { value: undefined, present, handOver: () => undefined };
  assertUtf8(req.headers['content-type']);
  if (Number(req.headers['content-length'] ?? 0) > options.maxBodyBytes) throw tooLarge(options.maxBodyBytes);
  const sent = await readUnended(req, options.maxBodyBytes);
  const encoding = req.headers['content-encoding'];
  const bytes =
    encoding === undefined ? sent : await readBody(Readable.from([sent]), { encoding, maxBytes: options.maxBodyBytes });
  const value = parse(bytes, options);
  return {
    value,
    present,
    handOver(seen, { verbatim }) {
      if (value !== undefined) req.body = seen;
      // Written anew from what was screened: repeated keys or broken UTF-8 must not mean one thing here and another later.
      const rewritten = value === undefined || verbatim ? sent : Buffer.from(JSON.stringify(seen));
      if (rewritten !== sent) {
        delete req.headers['content-encoding'];
        if (req.headers['content-length'] !== undefined) req.headers['content-length'] = String(rewritten.length);
      }
      if (!req.readableEnded && !req.destroyed) req.unshift(rewritten);
    },
  };
}

/** Parsers that skip a body may still leave an empty object behind. */
function isParsed(req: HostRequest, present: boolean): boolean {
  const { body } = req;
  if (body === undefined || body === null) return false;
  const empty = typeof body === 'object' && Object.keys(body).length === 0;
  return !(empty && present && !req.readableDidRead);
}

function takeParsed(req: HostRequest, options: TakeBodyOptions & { readonly wanted: boolean }): TakenBody {
  const { body } = req;
  const raw = typeof body === 'string' || Buffer.isBuffer(body);
  const value = raw ? (options.wanted ? parse(Buffer.from(body), options) : undefined) : body;
  return {
    value,
    present: true,
    handOver(seen) {
      if (seen === value) return;
      const text = JSON.stringify(seen);
      if (typeof body === 'string') req.body = text;
      else req.body = raw ? Buffer.from(text) : seen;
    },
  };
}

function parse(bytes: Buffer, { named, maxJsonDepth }: TakeBodyOptions): unknown {
  try {
    return parseJsonBody(bytes, maxJsonDepth);
  } catch (error) {
    // What is no JSON to us is none to the host either; what is too deep for us might be JSON to it.
    if (named || isJson(bytes)) throw error;
    return undefined;
  }
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** A parser of the host may know other charsets, and would read a text that we did not. */
function assertUtf8(contentType: string | undefined): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase() ?? 'utf-8';
  if (!['utf-8', 'utf8', 'us-ascii'].includes(charset)) {
    throw new RequestBodyError(415, 'The charset is not supported; use UTF-8.');
  }
}

function tooLarge(maxBytes: number): RequestBodyError {
  return new RequestBodyError(413, `The body is larger than ${maxBytes} bytes.`);
}

/**
 * Reads a whole body without reaching the end of the stream, so that bytes can be put back with `unshift`: after the
 * 'end' event they could not, and whoever pipes the request afterwards would wait forever.
 */
function readUnended(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (error?: RequestBodyError): void => {
      req.off('readable', take).off('end', settleEmpty).off('error', fail).off('close', fail);
      if (error === undefined) resolve(Buffer.concat(chunks));
      else reject(error);
    };
    const settleEmpty = (): void => settle();
    const fail = (): void => settle(new RequestBodyError(400, 'The body could not be read.'));
    const take = (): void => {
      // Asking for exactly what is there is what keeps the stream from noticing its end.
      while (req.readableLength > 0) {
        const chunk: unknown = req.read(req.readableLength);
        if (chunk === null) break;
        const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
        size += bytes.length;
        if (size > maxBytes) {
          settle(tooLarge(maxBytes));
          return;
        }
        chunks.push(bytes);
      }
      if (req.complete) settle();
    };
    req.on('readable', take).on('end', settleEmpty).on('error', fail).on('close', fail);
    if (req.destroyed) fail();
    else if (req.complete && req.readableLength > 0) take();
  });
}
