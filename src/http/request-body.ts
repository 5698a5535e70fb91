import type { IncomingMessage } from 'node:http';
import { writeJson } from '../adapters/index.js';
import { RequestBodyError } from '../core/index.js';
import { hasBody } from './early-answer.js';
import {
  assertBounds,
  assertUtf8,
  isJsonType,
  openingOf,
  parseJsonBody,
  parseTextBody,
  parseUnnamedBody,
  tooLarge,
} from './json-body.js';
import { decodeBody } from './read-body.js';

/** A request as the middleware meets it: perhaps a parser of the host was there before. */
export type HostRequest = IncomingMessage & { body?: unknown };

/** How bodies are taken. */
export interface TakeBodyOptions {
  readonly maxBodyBytes: number;
  readonly maxJsonDepth: number;
  readonly maxJsonValues: number;
  /** What the path says: that the body is JSON of a known format (`named`), one text, nothing, or that nobody here reads it. */
  readonly expected: 'named' | 'text' | 'unnamed' | 'unread';
  /** Whether what nothing can screen is refused; then a body that does not claim to be JSON is not even looked at. */
  readonly refusesUnscreened: boolean;
}

/** The body of a request, as a JSON value. */
export interface TakenBody {
  /** `undefined` when there is no body, or none that can be read as JSON. */
  readonly value: unknown;
  /** Whether the request carries a body at all. */
  readonly present: boolean;
  /** Why a body that should be read cannot be: too large, too deep, or no JSON. */
  readonly problem: RequestBodyError | undefined;
  /** Gives the host the body it may see: as `req.body`, and to whoever reads the request after us. */
  handOver(value: unknown, options: { readonly verbatim: boolean }): void;
}

/**
 * Takes the body of a request from the parser of the host, or reads it.
 * @throws {RequestBodyError} when the client breaks it off.
 */
export async function takeBody(req: HostRequest, options: TakeBodyOptions): Promise<TakenBody> {
  const present = hasBody(req);
  if (isParsed(req, present)) return takeParsed(req, options);
  const unread = present && isWanted(req, options) && !req.readableDidRead;
  if (!unread) return { value: undefined, present, problem: undefined, handOver: () => undefined };
  return takeUnread(req, options);
}

/** Whether to look into a body. */
function isWanted(req: HostRequest, { expected, refusesUnscreened }: TakeBodyOptions): boolean {
  if (expected !== 'unnamed') return expected !== 'unread';
  return isJsonType(req.headers['content-type']) || !refusesUnscreened;
}

async function takeUnread(req: HostRequest, options: TakeBodyOptions): Promise<TakenBody> {
  const type = req.headers['content-type'];
  const encoding = req.headers['content-encoding'];
  const named = options.expected === 'named' || options.expected === 'text';
  const isJson = named || isJsonType(type);
  let sent: Buffer = Buffer.alloc(0);
  let plain: Buffer | undefined;
  let value: unknown;
  let problem: RequestBodyError | undefined;
  try {
    if (isJson) assertUtf8(type);
    const announced = Number(req.headers['content-length'] ?? 0);
    if (named && announced > options.maxBodyBytes) throw tooLarge(options.maxBodyBytes);
    const read = await readUnended(req, options.maxBodyBytes, {
      whole: isJson,
      encoded: encoding !== undefined,
    });
    sent = read.bytes;
    if (!read.whole && (named || read.object !== false)) throw tooLarge(options.maxBodyBytes);
    if (read.whole) plain = await decodeBody(sent, { encoding, mustBeRead: isJson, ...options });
    value = parse(plain, options);
    if (!isJson && value !== undefined) assertUtf8(type);
  } catch (error) {
    if (!(error instanceof RequestBodyError) || req.destroyed) throw error;
    problem = error;
    value = undefined;
  }
  return {
    value,
    present: true,
    problem,
    handOver(seen, { verbatim }) {
      if (value !== undefined) req.body = seen;
      // Written anew from what was screened: repeated keys or broken UTF-8 must not mean one thing here and another later.
      const asSent = value === undefined || verbatim;
      const rewritten = asSent ? sent : Buffer.from(write(seen, plain?.toString('utf8') ?? '', options));
      if (rewritten !== sent) {
        delete req.headers['content-encoding'];
        if (req.headers['content-length'] !== undefined) req.headers['content-length'] = String(rewritten.length);
      }
      if (rewritten.length > 0 && !req.readableEnded && !req.destroyed) req.unshift(rewritten);
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

function takeParsed(req: HostRequest, options: TakeBodyOptions): TakenBody {
  const { body } = req;
  const raw = typeof body === 'string' || Buffer.isBuffer(body);
  let value: unknown;
  let problem: RequestBodyError | undefined;
  try {
    if (!raw) assertBounds(body, options);
    value = raw ? (options.expected === 'unread' ? undefined : parse(Buffer.from(body), options)) : body;
  } catch (error) {
    if (!(error instanceof RequestBodyError)) throw error;
    problem = error;
  }
  return {
    value,
    present: true,
    problem,
    handOver(seen, { verbatim }) {
      // As in a body of our own reading, what the host gets is written anew from what was screened.
      if (value === undefined || (seen === value && (!raw || verbatim))) return;
      if (!raw) req.body = seen;
      else {
        const text = write(seen, body.toString('utf8'), options);
        req.body = typeof body === 'string' ? text : Buffer.from(text);
      }
    },
  };
}

function write(value: unknown, source: string, { expected }: TakeBodyOptions): string {
  return expected === 'text' && typeof value === 'string' ? value : writeJson(value, source);
}

function parse(bytes: Buffer | undefined, options: TakeBodyOptions): unknown {
  if (bytes === undefined) return undefined;
  if (options.expected === 'text') return parseTextBody(bytes);
  return options.expected === 'named' ? parseJsonBody(bytes, options) : parseUnnamedBody(bytes, options);
}

/** A body as far as it was read. */
interface UnendedBody {
  readonly bytes: Buffer;
  /** Whether that is all of it. */
  readonly whole: boolean;
  /** Whether it begins like a JSON object; `undefined` when that is not known. */
  readonly object: boolean | undefined;
}

/**
 * Reads a whole body without reaching the end of the stream, so that bytes can be put back with `unshift`: after the
 * 'end' event they could not, and whoever pipes the request afterwards would wait forever. One that need not be read
 * `whole` is read no further once it is clear that it is no JSON object.
 */
function readUnended(
  req: IncomingMessage,
  maxBytes: number,
  { whole, encoded }: { readonly whole: boolean; readonly encoded: boolean },
): Promise<UnendedBody> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let object: boolean | undefined;
    const off = (): void => {
      req.off('readable', take).off('end', end).off('error', fail).off('close', fail);
    };
    const settle = (isWhole: boolean): void => {
      off();
      resolve({ bytes: Buffer.concat(chunks), whole: isWhole, object });
    };
    const end = (): void => settle(true);
    const fail = (): void => {
      off();
      reject(new RequestBodyError(400, 'The body could not be read.'));
    };
    const take = (): void => {
      // Asking for exactly what is there is what keeps the stream from noticing its end.
      while (req.readableLength > 0) {
        const chunk: unknown = req.read(req.readableLength);
        if (chunk === null) break;
        const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
        chunks.push(bytes);
        size += bytes.length;
        if (!encoded) object ??= openingOf(bytes)?.object;
        if ((object === false && !whole) || size > maxBytes) {
          settle(false);
          return;
        }
      }
      if (req.complete) end();
    };
    req.on('readable', take).on('end', end).on('error', fail).on('close', fail);
    if (req.destroyed) fail();
    else if (req.complete && req.readableLength > 0) take();
  });
}
