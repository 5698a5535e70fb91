import type { RequestListener, ServerResponse } from 'node:http';
import { startApp } from './express-app.js';
import { type ProxyFixture, signal } from './proxy-fixture.js';

/** Where the screen stands: between two servers, or in front of a handler. */
export const HOSTS = ['proxy', 'middleware'] as const;

/** A reply that is written step by step. */
export interface LiveReply {
  readonly response: Response;
  /** Lets the backend write more, and end if nothing follows. */
  readonly write: (wire: string) => void;
  readonly end: (wire?: string) => void;
  /** Resolves with all that came to the client, once that holds; or at the end. */
  readonly until: (done: (text: string) => boolean) => Promise<string>;
}

/** How to ask for a reply. */
export interface LiveReplyOptions {
  readonly fixture: ProxyFixture;
  readonly host: (typeof HOSTS)[number];
  readonly path: string;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
  /** What the backend writes with the head. */
  readonly first: string;
  readonly config?: object;
}

/** Sends a request to a backend that writes its reply as it is told. */
export async function liveReply(options: LiveReplyOptions): Promise<LiveReply> {
  const { fixture, host, path, body, headers, first, config = {} } = options;
  const begun = signal<ServerResponse>();
  const backend: RequestListener = (_req, res) => {
    res.writeHead(200, headers);
    res.write(first);
    begun.resolve(res);
  };
  let url: string;
  if (host === 'proxy') url = (await fixture.proxy(await fixture.upstream(backend), config)).url;
  else {
    const app = await startApp({ build: (express, screening) => express.use(screening, backend), config });
    url = app.url;
  }
  const [response, res] = await Promise.all([
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
    begun.promise,
  ]);
  const reader = response.body?.getReader();
  let text = '';
  let over = false;
  return {
    response,
    write: (wire) => void res.write(wire),
    end: (wire = '') => void res.end(wire),
    async until(done) {
      while (!over && !done(text)) {
        const { done: ended, value } = (await reader?.read()) ?? { done: true, value: undefined };
        over = ended;
        text += Buffer.from(value ?? []).toString();
      }
      return text;
    },
  };
}
