import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Adapter, findAdapter } from '../adapters/index.js';
import { type Logger, SluiceError, StreamError, UpstreamError } from '../core/index.js';
import { answerAppeals } from './appeals.js';
import { Cancellation } from './cancellation.js';
import { failureAnswer, sendEarly } from './early-answer.js';
import { handleRequest } from './handle-request.js';
import { LiveUpstream } from './live-upstream.js';
import { answerModerations } from './moderations.js';
import type { Screen } from './screen.js';

/** What the proxy needs. */
export interface ProxyOptions {
  /** Returns the pipeline to use; read once per request, so that a new one takes over between two requests. */
  readonly screen: () => Screen;
  /** Backend while the config names none. */
  readonly upstream: string;
  readonly logger: Logger;
  /** Answers requests that are not for the backend, such as health checks; resolves to whether it did. */
  readonly ownRoutes?: ((req: IncomingMessage, res: ServerResponse) => Promise<boolean>) | undefined;
}

/** A proxy that is not listening yet. */
export interface ProxyServer {
  readonly server: Server;
  /** Whether `drain` was called. */
  readonly draining: boolean;
  /** Stops to accept, waits for running exchanges up to the drain timeout, then cuts them. */
  drain(): Promise<void>;
}

/** The format whose clients can read the answer to a request that failed. */
function adapterOf({ url = '/', headers }: IncomingMessage, screen: Screen): Adapter | undefined {
  return screen.route(url, headers).adapter ?? findAdapter(url);
}

/** Returns a proxy that screens what passes between its clients and the backend. */
export function createProxy({ screen: currentScreen, upstream, logger, ownRoutes }: ProxyOptions): ProxyServer {
  let draining = false;
  let open = 0;
  const backends = new LiveUpstream(upstream, logger);
  const expecting = new WeakSet<IncomingMessage>();
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const screen = currentScreen();
    // Holds from the next request on, as Node reads it when one begins.
    server.keepAliveTimeout = screen.deps.config.limits.keepAliveMs;
    const requestId = randomUUID();
    const client = new Cancellation();
    open += 1;
    res.once('close', () => {
      // Behind a whole answer nothing is left to cancel.
      if (!res.writableFinished) client.cancel(new UpstreamError(502, 'The client went away.'));
      open -= 1;
      if (draining) closeUnused();
    });
    // What is left of a body that nobody wanted would block the next request on this connection.
    res.once('finish', () => req.resume());
    try {
      const proceed = (): void => {
        if (expecting.delete(req)) res.writeContinue();
      };
      if (await answerAppeals(req, res, { screen, proceed })) return;
      if ((await ownRoutes?.(req, res)) === true) return;
      res.setHeader('x-request-id', requestId);
      if (await answerModerations(req, res, { screen, requestId, proceed })) return;
      const { upstream: backend, release } = backends.acquire(screen.deps);
      try {
        await handleRequest(req, res, { screen, upstream: backend, requestId, client, proceed });
      } finally {
        release();
      }
    } catch (error) {
      if (client.reason !== undefined && !(error instanceof StreamError)) {
        logger.info({ requestId, code: 'client_closed' }, 'client went away');
        return;
      }
      if (error instanceof UpstreamError || error instanceof StreamError) screen.deps.metrics.upstreamErrors.inc();
      const code = error instanceof SluiceError ? error.code : 'ERR_SLUICE_INTERNAL';
      logger.warn({ requestId, code }, 'exchange failed');
      if (!res.headersSent) sendEarly(req, res, failureAnswer(error, adapterOf(req, screen)));
      else if (!res.writableEnded) res.destroy();
    }
  };
  const server = createServer({ keepAliveTimeout: currentScreen().deps.config.limits.keepAliveMs }, serve);
  // Node counts a connection that never carried a request as busy, so clients that connect ahead would hold up the drain.
  const closeUnused = (): void => {
    server.closeIdleConnections();
    if (open === 0) server.closeAllConnections();
  };
  // Answered by hand, so that a body that will be refused is never asked for.
  server.on('checkContinue', (req, res) => {
    expecting.add(req);
    server.emit('request', req, res);
  });
  return {
    server,
    get draining() {
      return draining;
    },
    async drain() {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      closeUnused();
      const timer = setTimeout(() => server.closeAllConnections(), currentScreen().deps.config.limits.drainTimeoutMs);
      await closed;
      clearTimeout(timer);
      await backends.destroy();
    },
  };
}
