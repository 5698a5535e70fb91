import type { RequestListener } from 'node:http';
import type { Express, RequestHandler } from 'express';
import type { PolicyConfig } from '../../../src/config/index.js';
import { startApp, stopApps } from '../../support/express-app.js';
import { ProxyFixture } from '../../support/proxy-fixture.js';

/** One way to stand between a client and a backend. */
export interface Host {
  readonly name: string;
  /** Puts the screen in front of a backend; resolves with the URL that clients talk to. `policy` adds to the one of the tests. */
  start(backend: RequestListener, policy?: Partial<PolicyConfig>): Promise<string>;
  close(): Promise<void>;
}

/** The standalone proxy, and the middleware mounted in front of a handler. */
export function createHosts(): readonly Host[] {
  const fixture = new ProxyFixture();
  return [
    {
      name: 'proxy',
      start: async (backend, policy) => {
        const { url } = await fixture.proxy(await fixture.upstream(backend), policiesWith(policy));
        return url;
      },
      close: () => fixture.close(),
    },
    {
      name: 'middleware',
      start: async (backend, policy) => {
        const handler: RequestHandler = (req, res) => backend(req, res);
        const build = (express: Express, screening: RequestHandler) => express.use(screening).use(handler);
        const app = await startApp({ build, config: policiesWith(policy) });
        return app.url;
      },
      close: stopApps,
    },
  ];
}

function policiesWith(policy: Partial<PolicyConfig> | undefined): { readonly policies?: Record<string, PolicyConfig> } {
  if (policy === undefined) return {};
  const thresholds = { abusive: { flag: 0.75, redact: 0.9, block: 0.99 } };
  return { policies: { default: { input: thresholds, output: thresholds, mask: '#', ...policy } } };
}
