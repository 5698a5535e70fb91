import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { forwardable, headerValue } from './hop-by-hop.js';
import { type UpstreamReply, upstreamError } from './upstream.js';

/** Looks at bytes on their way; what it returns is waited for. */
export type Tap = (chunk: Buffer) => Promise<void> | undefined;

/**
 * Passes a reply on as it is, at the pace of the client.
 * @throws {UpstreamError} when it breaks off; the connection of the client is then cut too, so that the client can tell.
 */
export async function passReply(reply: UpstreamReply, res: ServerResponse, tap?: Tap): Promise<void> {
  writeHead(res, reply, forwardable(reply.headers));
  res.flushHeaders();
  try {
    if (tap === undefined) await pipeline(reply.body, res);
    else await pipeline(reply.body, (source: AsyncIterable<Buffer>) => tapped(source, tap), res);
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

async function* tapped(source: AsyncIterable<Buffer>, tap: Tap): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    await tap(chunk);
    yield chunk;
  }
}
