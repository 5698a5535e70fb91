import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { forwardable, headerValue } from './hop-by-hop.js';
import { type UpstreamReply, upstreamError } from './upstream.js';

/** How a reply passes. */
export interface PassOptions {
  /** What its bytes go through. */
  readonly through?: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
  /** Headers that do not pass, in lower case. */
  readonly without?: readonly string[];
}

/**
 * Passes a reply on as it is, at the pace of the client.
 * @throws {UpstreamError} when it breaks off; the connection of the client is then cut too, so that the client can tell.
 */
export async function passReply(
  reply: UpstreamReply,
  res: ServerResponse,
  { through, without }: PassOptions = {},
): Promise<void> {
  writeHead(res, reply, forwardable(reply.headers, without));
  res.flushHeaders();
  try {
    if (through === undefined) await pipeline(reply.body.stream(), res);
    else await pipeline(reply.body.stream(), through, res);
  } catch (cause) {
    throw upstreamError(cause);
  }
}

/**
 * Writes the head of a reply; headers that `res` has already give way to those of the reply.
 * @param headers names and values alternating
 */
export function writeHead(res: ServerResponse, reply: UpstreamReply, headers: readonly string[]): void {
  for (const name of res.getHeaderNames()) if (headerValue(headers, name) !== '') res.removeHeader(name);
  // One by one: `writeHead` keeps only the last `set-cookie` of a list when any header was set before.
  for (let at = 0; at < headers.length; at += 2) res.appendHeader(headers[at] ?? '', headers[at + 1] ?? '');
  res.writeHead(reply.status, reply.statusText);
}
