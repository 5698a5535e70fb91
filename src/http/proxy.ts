import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { type Adapter, findAdapter, openaiChat } from '../adapters/index.js';
import { type Logger, RequestBodyError, SluiceError, UpstreamError } from '../core/index.js';
import { decoded, parseJsonBody, readBody } from './read-body.js';
import type { Exchange, Screen } from './screen.js';

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'expect',
  'content-length',
]);

/** What the proxy needs. */
export interface ProxyOptions {
  /** Returns the pipeline to use; read once per request, so that a new one takes over between two requests. */
  readonly screen: () => Screen;
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

/** Returns a proxy that screens what passes between its clients and `upstream`. */
export function createProxy({ screen: currentScreen, upstream, logger, ownRoutes }: ProxyOptions): ProxyServer {
  const { limits } = currentScreen().deps.config;
  const dispatcher = new Agent({
    connect: { timeout: limits.upstreamConnectTimeoutMs },
    headersTimeout: limits.upstreamIdleTimeoutMs,
    bodyTimeout: limits.upstreamIdleTimeoutMs,
  });
  let draining = false;
  const server = createServer((req, res) => {
    const screen = currentScreen();
    const context = { screen, upstream, dispatcher, ownRoutes, draining: () => draining };
    handle(req, res, context).catch((error: unknown) => fail(res, error, { logger, screen }));
  });
  return {
    server,
    get draining() {
      return draining;
    },
    async drain() {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), limits.drainTimeoutMs);
      await closed;
      clearTimeout(timer);
      await dispatcher.destroy();
    },
  };
}

interface Context {
  readonly screen: Screen;
  readonly upstream: string;
  readonly dispatcher: Agent;
  readonly ownRoutes: ProxyOptions['ownRoutes'];
  readonly draining: () => boolean;
}

async function handle(req: IncomingMessage, res: ServerResponse, context: Context): Promise<void> {
  const path = req.url ?? '/';
  if ((await context.ownRoutes?.(req, res)) === true) return;
  if (await answerOwn(path, res, context)) return;
  const { screen } = context;
  const { limits } = screen.deps.config;
  const { policy, unscreened } = screen.route(path, req.headers);
  const exchange: Exchange = { requestId: randomUUID(), path, policy };
  const bytes = await readBody(req, { encoding: req.headers['content-encoding'], maxBytes: limits.maxBodyBytes });
  const named = req.method === 'POST' ? findAdapter(path, undefined) : undefined;
  const json = named !== undefined || (bytes.length > 0 && /\bjson\b/i.test(req.headers['content-type'] ?? ''));
  const body = json ? parseJsonBody(bytes, limits.maxJsonDepth) : undefined;
  const adapter = json ? findAdapter(path, body) : undefined;
  if (adapter === undefined) {
    if (unscreened === 'refuse') {
      const info = { status: 403, type: 'invalid_request_error', code: 'unscreened_path' };
      sendJson(res, 403, openaiChat.errorBody({ ...info, message: 'This path cannot be screened and is refused.' }));
      return;
    }
    screen.deps.metrics.unscreened.inc();
    await forward({ req, res, context, exchange, adapter, bytes });
    return;
  }
  const screened = screen.screenBody(adapter, body, 'input', exchange);
  if (screened.blocked !== undefined) {
    const answer = adapter.blockedInput(screened.blocked);
    sendJson(res, answer.status, answer.body, { ...answer.headers, 'x-request-id': exchange.requestId });
    return;
  }
  // Sent as it was parsed: a body with repeated keys must not mean one thing here and another at the backend.
  await forward({ req, res, context, exchange, adapter, bytes: Buffer.from(JSON.stringify(screened.body)) });
}

async function answerOwn(path: string, res: ServerResponse, { screen, draining }: Context): Promise<boolean> {
  if (path === '/healthz') sendJson(res, 200, { status: 'ok' });
  else if (path === '/readyz') sendJson(res, draining() ? 503 : 200, { status: draining() ? 'draining' : 'ready' });
  else if (path === '/metrics') {
    const { registry } = screen.deps.metrics;
    res.writeHead(200, { 'content-type': registry.contentType }).end(await registry.metrics());
  } else return false;
  return true;
}

interface Forward {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly context: Context;
  readonly exchange: Exchange;
  readonly adapter: Adapter | undefined;
  readonly bytes: Buffer;
}

async function forward({ req, res, context, exchange, adapter, bytes }: Forward): Promise<void> {
  const abort = new AbortController();
  res.once('close', () => abort.abort());
  const base = new URL(context.upstream);
  const headers = forwardable(req.headers);
  delete headers['content-encoding'];
  headers['accept-encoding'] = 'gzip, deflate, br';
  const reply = await request(`${base.origin}${base.pathname.replace(/\/$/, '')}${exchange.path}`, {
    method: req.method ?? 'GET',
    headers,
    body: bytes.length > 0 ? bytes : null,
    dispatcher: context.dispatcher,
    signal: abort.signal,
  }).catch((cause: unknown) => {
    throw upstreamError(cause);
  });
  const replyHeaders = forwardable(reply.headers);
  const encoding = [replyHeaders['content-encoding'] ?? []].flat().join(',');
  const empty = req.method === 'HEAD' || reply.statusCode === 204 || reply.statusCode === 304;
  if (!empty) {
    for (const name of ['content-encoding', 'etag', 'accept-ranges']) delete replyHeaders[name];
  }
  replyHeaders['x-request-id'] ??= exchange.requestId;
  try {
    const source = empty ? reply.body : decoded(reply.body, encoding);
    if (adapter === undefined || empty) {
      res.writeHead(reply.statusCode, replyHeaders);
      await pump(source, res, (chunk) => chunk);
      res.end();
    } else if (/event-stream/i.test([replyHeaders['content-type'] ?? ''].flat().join())) {
      const stream = context.screen.openStream(adapter, exchange);
      replyHeaders['cache-control'] = 'no-cache, no-transform';
      replyHeaders['x-accel-buffering'] = 'no';
      res.writeHead(reply.statusCode, replyHeaders);
      res.flushHeaders();
      await pump(
        source,
        res,
        (chunk) => stream.push(chunk),
        () => stream.blocked,
      );
      res.end(stream.blocked ? '' : stream.end());
      if (stream.blocked) abort.abort();
    } else {
      await answerJson({
        reply: { status: reply.statusCode, headers: replyHeaders },
        source,
        res,
        context,
        exchange,
        adapter,
      });
    }
  } catch (cause) {
    throw cause instanceof SluiceError && !(cause instanceof RequestBodyError) ? cause : upstreamError(cause);
  }
}

async function answerJson(options: {
  readonly reply: { readonly status: number; readonly headers: Record<string, string | string[]> };
  readonly source: Readable;
  readonly res: ServerResponse;
  readonly context: Context;
  readonly exchange: Exchange;
  readonly adapter: Adapter;
}): Promise<void> {
  const { reply, source, res, context, exchange, adapter } = options;
  const { limits } = context.screen.deps.config;
  const bytes = await readBody(source, { encoding: undefined, maxBytes: limits.maxBodyBytes });
  if (reply.status >= 400) {
    res.writeHead(reply.status, reply.headers).end(bytes);
    return;
  }
  const body = parseJsonBody(bytes, limits.maxJsonDepth);
  const screened = context.screen.screenBody(adapter, body, 'output', exchange);
  const out = screened.blocked === undefined ? screened.body : adapter.blockedOutput(body, screened.blocked);
  sendJson(res, reply.status, out, reply.headers);
}

async function pump(
  source: Readable,
  res: ServerResponse,
  convert: (chunk: Buffer) => string | Buffer,
  stop: () => boolean = () => false,
): Promise<void> {
  for await (const chunk of source) {
    const out = convert(chunk as Buffer);
    if (out.length > 0 && !res.write(out) && !res.destroyed) {
      await new Promise<void>((resolve) => {
        const go = () => {
          res.off('drain', go).off('close', go);
          resolve();
        };
        res.once('drain', go).once('close', go);
      });
    }
    if (stop()) return;
  }
}

function forwardable(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | string[]> {
  const named = [headers['connection'] ?? []].flat().join(',').toLowerCase().split(',');
  const dropped = new Set([...HOP_BY_HOP, ...named.map((name) => name.trim())]);
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !dropped.has(name.toLowerCase())) kept[name.toLowerCase()] = value;
  }
  return kept;
}

function upstreamError(cause: unknown): UpstreamError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /TIMEOUT|ETIMEDOUT/.test(code)
    ? new UpstreamError(504, 'The backend took too long.', { cause })
    : new UpstreamError(502, 'The backend could not be reached or sent a broken answer.', { cause });
}

function fail(res: ServerResponse, error: unknown, { logger, screen }: { logger: Logger; screen: Screen }): void {
  if (error instanceof UpstreamError) screen.deps.metrics.upstreamErrors.inc();
  const code = error instanceof SluiceError ? error.code : 'ERR_SLUICE_INTERNAL';
  logger.warn({ code }, 'exchange failed');
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const known = error instanceof RequestBodyError || error instanceof UpstreamError;
  const status = known ? error.status : 500;
  const type = error instanceof RequestBodyError ? 'invalid_request_error' : 'api_error';
  const message = known ? error.message : 'Something went wrong.';
  sendJson(res, status, openaiChat.errorBody({ status, type, code: code.toLowerCase(), message }));
}

function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string | string[]>> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(body));
  res.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
}
