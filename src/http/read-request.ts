import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { type Adapter, findAdapter } from '../adapters/index.js';
import type { Config } from '../config/index.js';
import { RequestBodyError } from '../core/index.js';
import { hasBody } from './early-answer.js';
import { parseJsonBody, readBody } from './read-body.js';

/** A request as far as it was read. */
export interface ReadRequest {
  /** What can screen it; `undefined` when nothing can. */
  readonly adapter: Adapter | undefined;
  /** The parsed body, when there is an adapter. */
  readonly body: unknown;
  /** The body as it came, for a request that passes as it is; `null` without one. */
  readonly raw: Buffer | Readable | null;
}

/** How to read. */
export interface ReadRequestOptions {
  readonly path: string;
  readonly limits: Config['limits'];
  /** Called before the body is read: tells a client that waits for it to go on. */
  readonly proceed: () => void;
}

/**
 * Reads a request as far as it takes to know what can screen it. The body of a path that an adapter names is read
 * whole; so is a JSON body on any other path, for it may be a chat. Every other body is left to stream.
 * @throws {RequestBodyError} for a body of a named path that cannot be read, whatever content type it claims.
 */
export async function readRequest(req: IncomingMessage, options: ReadRequestOptions): Promise<ReadRequest> {
  const { path, limits, proceed } = options;
  const named = req.method === 'POST' || hasBody(req) ? findAdapter(path, undefined) : undefined;
  if (named !== undefined) {
    checkCharset(req);
    if (Number(req.headers['content-length'] ?? 0) > limits.maxBodyBytes) {
      throw new RequestBodyError(413, `The body is larger than ${limits.maxBodyBytes} bytes.`);
    }
    proceed();
    const raw = await readBody(req, { encoding: undefined, maxBytes: limits.maxBodyBytes });
    return { adapter: named, body: await parse(raw, { encoding: req.headers['content-encoding'], limits }), raw };
  }
  if (!hasBody(req)) return { adapter: undefined, body: undefined, raw: null };
  if (!/\bjson\b/i.test(req.headers['content-type'] ?? '')) {
    return { adapter: undefined, body: undefined, raw: open(req) };
  }
  proceed();
  const raw = await peek(req, limits.maxBodyBytes);
  if (raw instanceof Readable) return { adapter: undefined, body: undefined, raw };
  const body = await tryParse(raw, { encoding: req.headers['content-encoding'], limits });
  const adapter = findAdapter(path, body);
  if (adapter !== undefined) checkCharset(req);
  return { adapter, body, raw };
}

/** A body in another charset would read differently here and at the backend. */
function checkCharset(req: IncomingMessage): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(req.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw new RequestBodyError(415, 'The charset of the body is not supported; use utf-8.');
  }
}

/** Returns the whole body, or one that still streams when it is larger than `maxBytes`. */
async function peek(req: IncomingMessage, maxBytes: number): Promise<Buffer | Readable> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = chunk;
    chunks.push(bytes);
    size += bytes.length;
    if (size > maxBytes) return open(req, chunks);
  }
  return Buffer.concat(chunks);
}

interface ParseOptions {
  readonly encoding: string | undefined;
  readonly limits: Config['limits'];
}

async function parse(raw: Buffer, { encoding, limits }: ParseOptions): Promise<unknown> {
  const plain = encoding === undefined;
  const bytes = plain ? raw : await readBody(Readable.from([raw]), { encoding, maxBytes: limits.maxBodyBytes });
  return parseJsonBody(bytes, limits.maxJsonDepth);
}

/** A body that cannot be read on a path that nothing names is of an unknown shape, not an error. */
async function tryParse(raw: Buffer, options: ParseOptions): Promise<unknown> {
  try {
    return await parse(raw, options);
  } catch (error) {
    if (error instanceof RequestBodyError) return undefined;
    throw error;
  }
}

/** The body as a stream of its own: when the call to the backend fails, the connection of the client stays. */
function open(req: IncomingMessage, read: readonly Buffer[] = []): Readable {
  const bytes = async function* (): AsyncGenerator<Buffer> {
    yield* read;
    for await (const chunk of req.iterator({ destroyOnReturn: false })) yield chunk;
  };
  return Readable.from(bytes(), { objectMode: false });
}
