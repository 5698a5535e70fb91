import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { type Adapter, findAdapter, isUnnamed } from '../adapters/index.js';
import type { Config } from '../config/index.js';
import { RequestBodyError } from '../core/index.js';
import { hasBody } from './early-answer.js';
import {
  assertUtf8,
  isJsonType,
  openingOf,
  parseJsonBody,
  parseTextBody,
  parseUnnamedBody,
  tooLarge,
} from './json-body.js';
import { decodeBody } from './read-body.js';

/** A request as far as it was read. */
export interface ReadRequest {
  /** What can screen the exchange; `undefined` when nothing can. */
  readonly adapter: Adapter | undefined;
  /** Whether the request can be screened; without an adapter it cannot. */
  readonly readable: boolean;
  /** The parsed body, when it can be screened. */
  readonly body: unknown;
  /** The JSON that `body` was parsed from; empty when there is none. */
  readonly source: string;
  /** The body as it came, for a request that passes as it is; `null` without one. */
  readonly raw: Buffer | Readable | null;
}

/** How to read. */
export interface ReadRequestOptions {
  readonly path: string;
  /** The adapter that the config says for this path, if it does. */
  readonly adapter: Adapter | undefined;
  readonly limits: Config['limits'];
  /** Whether to let a body pass that cannot be read, in place of an error. */
  readonly lenient: boolean;
  /** Whether what nothing can screen is refused; then a body that does not claim to be JSON is not even looked at. */
  readonly refusesUnscreened: boolean;
  /** Called before the body is read: tells a client that waits for it to go on. */
  readonly proceed: () => void;
}

/**
 * Reads a request as far as it takes to know what can screen it. The body of a path that an adapter names is read
 * whole; so is one on any other path that may be a chat, whatever content type it claims. Every other body is left to stream.
 * @throws {RequestBodyError} for a body that cannot be read, on a named path or where it may still be a chat to the
 * backend; never when `lenient`.
 */
export async function readRequest(req: IncomingMessage, options: ReadRequestOptions): Promise<ReadRequest> {
  const { path, limits, lenient, proceed } = options;
  const named = options.adapter ?? findAdapter(path);
  const unread = { adapter: named, readable: false, body: undefined, source: '' };
  // There is nothing to read in it, but in the reply there may be: a client fetches what was made before.
  if (!hasBody(req) && req.method !== 'POST') return { ...unread, readable: named !== undefined, raw: null };
  if (named === undefined && !hasBody(req)) return { ...unread, raw: null };
  const type = req.headers['content-type'];
  const isJson = named !== undefined || isJsonType(type);
  const ignored = !isUnnamed(path) || (!isJson && options.refusesUnscreened);
  if (named === undefined && ignored) return { ...unread, raw: open(req) };
  let raw: Buffer | Readable | undefined;
  try {
    if (isJson) assertUtf8(type);
    const announced = Number(req.headers['content-length'] ?? 0);
    if (named !== undefined && !lenient && announced > limits.maxBodyBytes) throw tooLarge(limits.maxBodyBytes);
    proceed();
    raw = await peek(req, { maxBytes: limits.maxBodyBytes, lenient, whole: named !== undefined });
    if (raw instanceof Readable) return { ...unread, raw };
    const encoding = req.headers['content-encoding'];
    const plain = await decodeBody(raw, { encoding, mustBeRead: isJson, ...limits });
    if (plain === undefined) return { ...unread, raw };
    const body = parseAs(named, plain, limits);
    const adapter = named ?? findAdapter(path, { body, headers: req.headers });
    if (adapter === undefined) return { ...unread, raw };
    assertUtf8(type);
    return { adapter, readable: true, body, source: plain.toString('utf8'), raw };
  } catch (error) {
    if (!lenient || !(error instanceof RequestBodyError)) throw error;
    return { ...unread, raw: raw ?? open(req) };
  }
}

function parseAs(named: Adapter | undefined, bytes: Buffer, limits: Config['limits']): unknown {
  if (named?.requestIsText === true) return parseTextBody(bytes);
  return named === undefined ? parseUnnamedBody(bytes, limits) : parseJsonBody(bytes, limits);
}

/**
 * Returns the whole body, or one that still streams when it is no JSON object.
 * @param options `whole`: whether any body is read to its end; `lenient`: whether one beyond `maxBytes` streams too
 * @throws {RequestBodyError} when it is larger than `maxBytes`.
 */
async function peek(
  req: IncomingMessage,
  { maxBytes, lenient, whole }: { readonly maxBytes: number; readonly lenient: boolean; readonly whole: boolean },
): Promise<Buffer | Readable> {
  if (whole && !lenient) return readWhole(req, maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  // What is encoded does not show how it begins.
  let wanted = whole || req.headers['content-encoding'] !== undefined ? true : undefined;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = chunk;
    chunks.push(bytes);
    size += bytes.length;
    wanted ??= openingOf(bytes)?.object;
    if (wanted === false || (lenient && size > maxBytes)) return open(req, chunks);
    if (size > maxBytes) throw tooLarge(maxBytes);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads a body to its end. What is left of one that is too large stays unread, so that an answer can still be sent.
 * @throws {RequestBodyError} when it is larger than `maxBytes`.
 */
function readWhole(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const off = (): void => {
      req.off('data', take).off('end', end).off('error', fail).off('close', close).pause();
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) fail(tooLarge(maxBytes));
    };
    const end = (): void => {
      off();
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks));
    };
    const fail = (cause: Error): void => {
      off();
      reject(cause);
    };
    const close = (): void => fail(new RequestBodyError(400, 'The body could not be read.'));
    if (req.destroyed) close();
    else req.on('data', take).on('end', end).on('error', fail).on('close', close);
  });
}

/** The body as a stream of its own: when the call to the backend fails, the connection of the client stays. */
function open(req: IncomingMessage, read: readonly Buffer[] = []): Readable {
  const bytes = async function* (): AsyncGenerator<Buffer> {
    yield* read;
    for await (const chunk of req.iterator({ destroyOnReturn: false })) yield chunk;
  };
  return Readable.from(bytes(), { objectMode: false });
}
