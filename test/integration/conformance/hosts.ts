import type { RequestListener } from 'node:http';
import type { RequestHandler } from 'express';
import { startApp, stopApps } from '../../support/express-app.js';
import { ProxyFixture } from '../../support/proxy-fixture.js';

/** One way to stand between a client and a backend. */
export interface Host {
  readonly name: string;
  /** Puts the screen in front of a backend; resolves with the URL that clients talk to. */
  start(backend: RequestListener): Promise<string>;
  close(): Promise<void>;
}

/** The standalone proxy, and the middleware mounted in front of a handler. */
export function createHosts(): readonly Host[] {
  const fixture = new ProxyFixture();
  return [
    {
      name: 'proxy',
      start: async (backend) => (await fixture.proxy(await fixture.upstream(backend))).url,
      close: () => fixture.close(),
    },
    {
      name: 'middleware',
      start: async (backend) => {
        const handler: RequestHandler = (req, res) => backend(req, res);
        const app = await startApp({ build: (express, screening) => express.use(screening).use(handler) });
        return app.url;
      },
      close: stopApps,
    },
  ];
}
