import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Adapter } from '../adapters/index.js';
import { ACCEPTED_ENCODINGS } from './content-encoding.js';
import type { RequestContext } from './handle-request.js';
import { forwardable } from './hop-by-hop.js';
import { clientOf } from './limit-client.js';
import { observeReply } from './observe-reply.js';
import { passReply } from './pass-reply.js';
import { sendReply } from './reply.js';
import type { Route } from './route-table.js';
import type { Exchange } from './screen.js';

/** A request that may go to the backend. */
export interface Forward {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly context: RequestContext;
  readonly exchange: Exchange;
  readonly route: Route;
  /** What screens the reply; without one both bodies pass untouched. */
  readonly adapter: Adapter | undefined;
  readonly body: Buffer | Readable | null;
}

/**
 * Sends a request to the backend and its reply to the client. When the client goes, the call is cancelled at once,
 * whether it waits, connects, sends or receives.
 * @throws {UpstreamError} when the backend cannot be reached, is too slow or breaks off.
 * @throws {OverloadedError} when too many requests wait for the backend.
 */
export async function forward({ req, res, context, exchange, route, adapter, body }: Forward): Promise<void> {
  const { screen, upstream, client } = context;
  const waiting = { cancellation: client, client: () => clientOf(req, exchange.subject) };
  await upstream.exchange(waiting, async (cancellation) => {
    const enforces = exchange.policy.mode === 'enforce';
    const asIs = adapter === undefined || !enforces;
    const headers = asIs
      ? forwardable(req.rawHeaders)
      : screenedHeaders(req.rawHeaders, { body, isText: adapter.requestIsText === true });
    const method = req.method ?? 'GET';
    const reply = await upstream.call({ method, path: exchange.path, headers, body, cancellation });
    try {
      const bodiless = method === 'HEAD' || reply.status === 204 || reply.status === 304;
      if (adapter === undefined || bodiless) await passReply(reply, res);
      else await (enforces ? sendReply : observeReply)({ reply, res, screen, exchange, adapter, route, client });
    } finally {
      // Closes the connection unless the reply was read to its end.
      reply.body.close();
    }
  });
}

/** A body was decoded and is written anew, as UTF-8; the reply has to come in an encoding that can be undone. */
function screenedHeaders(
  raw: readonly string[],
  { body, isText }: { readonly body: Forward['body']; readonly isText: boolean },
): string[] {
  const replaced = ['content-length', 'content-encoding', 'content-md5', 'content-digest'];
  // JSON is not always sent as that; text has a type that may matter.
  const type = isText ? [] : ['content-type'];
  const kept = forwardable(raw, [...(body === null ? [] : [...replaced, ...type]), 'accept-encoding']);
  const written = body === null || isText ? [] : ['content-type', 'application/json'];
  return [...kept, ...written, 'accept-encoding', ACCEPTED_ENCODINGS];
}
