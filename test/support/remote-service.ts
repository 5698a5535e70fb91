import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call that a remote service got. */
export interface RemoteCall {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly body: { readonly input: readonly string[]; readonly model?: string };
}

/** A moderation service on loopback: scores `harassment` 0.99 for texts with `snarp`, 0.8 for `mumb`, else 0.01. */
export class RemoteService {
  readonly calls: RemoteCall[] = [];
  readonly #servers: Server[] = [];

  /** Starts a service, which answers with `handler` when that is given, and returns its base URL. */
  async start(handler?: RequestListener): Promise<string> {
    const server = createServer(async (req, res) => {
      const body = JSON.parse(await textOf(req));
      this.calls.push({ path: req.url, authorization: req.headers.authorization, body });
      if (handler !== undefined) handler(req, res);
      else sendScores(res, body.input);
    });
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  }

  /** Ends everything. */
  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}

/** Answers as the service does for these texts. */
export function sendScores(res: Parameters<RequestListener>[1], texts: readonly string[]): void {
  const results = texts.map((text) => {
    const harassment = text.includes('snarp') ? 0.99 : text.includes('mumb') ? 0.8 : 0.01;
    return {
      flagged: harassment > 0.5,
      categories: {},
      category_scores: { harassment, hate: 0.02, zorg: 1, illicit: null },
    };
  });
  res.setHeader('content-type', 'application/json').end(JSON.stringify({ id: 'modr-1', model: 'm', results }));
}

async function textOf(req: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of req) text += String(part);
  return text;
}
