import type { ServerResponse } from 'node:http';
import { UpstreamError } from '../core/index.js';
import { BlankStart } from './blank-start.js';
import { decoded } from './content-encoding.js';
import { headerValue } from './hop-by-hop.js';
import { writeHead } from './pass-reply.js';
import type { Screen } from './screen.js';
import { type UpstreamReply, upstreamError } from './upstream.js';
import { type ChunkSource, StreamChunks } from './upstream-body.js';

/** A reply that is read whole. */
export interface ReplyToRead {
  readonly reply: UpstreamReply;
  readonly res: ServerResponse;
  readonly screen: Screen;
}

/** A whole reply. */
export interface WholeReply {
  readonly bytes: Buffer;
  /** How many of the bytes, from the first, have gone to the client already; above 0 its head is out. */
  readonly blank: number;
}

/** Whether a reply says that it is JSON. */
export function isJsonReply({ headers }: UpstreamReply): boolean {
  return /\bjson\b/i.test(headerValue(headers, 'content-type'));
}

/**
 * Returns the body of a reply with its content encodings undone.
 * @throws {UpstreamError} when one is unknown.
 */
export function chunksOf({ headers, body }: UpstreamReply): ChunkSource {
  const encoding = headerValue(headers, 'content-encoding');
  if (encoding === '') return body;
  try {
    return new StreamChunks(decoded(body.stream(), encoding));
  } catch (cause) {
    throw new UpstreamError(502, 'The reply of the backend is encoded in a way that cannot be read.', { cause });
  }
}

/**
 * Reads a whole reply. White space that a busy backend sends ahead of its JSON passes at once, behind a head with `headers`:
 * without it the client might give up.
 * @param headers names and values alternating
 * @throws {UpstreamError} when it breaks off or is too large.
 */
export async function readReply(
  { screen, reply, res }: ReplyToRead,
  source: ChunkSource,
  headers: readonly string[],
): Promise<WholeReply> {
  const { maxBodyBytes } = screen.deps.config.limits;
  // One whose length is known is there already.
  const waits = isJsonReply(reply) && headerValue(reply.headers, 'content-length') === '';
  const start = new BlankStart();
  const chunks: Buffer[] = [];
  let size = 0;
  let blank = 0;
  const take = (bytes: Buffer): undefined => {
    size += bytes.length;
    if (size > maxBodyBytes) {
      throw new UpstreamError(502, `The reply of the backend is larger than ${maxBodyBytes} bytes.`);
    }
    chunks.push(bytes);
    if (!waits || !start.isBlank(bytes)) return;
    if (!res.headersSent) writeHead(res, reply, headers);
    res.write(bytes);
    blank += bytes.length;
  };
  try {
    await source.read(take);
  } catch (cause) {
    throw upstreamError(cause);
  }
  const [only] = chunks;
  return { bytes: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks), blank };
}
