import { type IncomingMessage, request } from 'node:http';

/** What to send; a body makes it a POST of JSON. */
export interface FreshRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

/** A reply that was read to its end. */
export interface FreshReply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Sends a request on a connection of its own, which several processes that share a port get in turns. */
export async function freshRequest(
  url: string,
  { body, headers = {}, method }: FreshRequest = {},
): Promise<FreshReply> {
  const res = await openFreshRequest(url, { body, headers, ...(method === undefined ? {} : { method }) });
  let text = '';
  for await (const chunk of res.setEncoding('utf8')) text += chunk;
  return { status: res.statusCode ?? 0, headers: res.headers, text };
}

/** As `freshRequest`, resolved with the head of the reply. */
export function openFreshRequest(url: string, { body, headers, method }: FreshRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const verb = method ?? (body === undefined ? 'GET' : 'POST');
    const req = request(url, { method: verb, agent: false, headers: { ...headers, connection: 'close' } }, resolve);
    req.on('error', reject);
    if (body === undefined) req.end();
    else req.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
}
