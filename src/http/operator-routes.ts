import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AdminAppeals, adminAppealsAnswer, isAdminAppealsPath } from './admin-appeals.js';

/** Whether a reload took, or what kept it from it. */
export interface ReloadOutcome {
  readonly ok: boolean;
  /** When it ended, milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** Everything wrong with the new config; empty when it took. */
  readonly problems: readonly string[];
}

/** Metrics as Prometheus reads them. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

/** What runs here, as the operator sees it: one process, or several as one. */
export interface OperatorView {
  metrics(): Promise<MetricsText>;
  /** What does not work as it should, while everything else goes on; empty when nothing. */
  degraded(): readonly string[] | Promise<readonly string[]>;
  /** Whether new requests are served. */
  ready(): boolean;
  /** State, as JSON. */
  status(): unknown;
  reload(): Promise<ReloadOutcome>;
}

/** What the operator routes show and do. */
export interface OperatorRoutesOptions {
  readonly view: OperatorView;
  /** Bearer token that every admin request must carry; without one the paths of the admin routes answer 404. */
  readonly token: string | undefined;
  /** Appeals, below the admin routes; without them their paths answer 404. */
  readonly appeals?: AdminAppeals | undefined;
}

/** Answers a request when it is for the operator; resolves to whether it did. */
export type OperatorRoutes = (req: IncomingMessage, res: ServerResponse) => Promise<boolean>;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly answer: (res: ServerResponse) => void | Promise<void>;
}

const ADMIN_PREFIX = '/sluice/';

/** Returns the routes `/healthz`, `/readyz`, `/metrics` and `/sluice/admin/`. */
export function createOperatorRoutes({ view, token, appeals }: OperatorRoutesOptions): OperatorRoutes {
  const open = new Map<string, Route>([
    [
      '/healthz',
      {
        method: 'GET',
        answer: async (res) => {
          const parts = await view.degraded();
          sendJson(res, 200, parts.length === 0 ? { status: 'ok' } : { status: 'degraded', degraded: parts });
        },
      },
    ],
    [
      '/readyz',
      {
        method: 'GET',
        answer: (res) =>
          view.ready() ? sendJson(res, 200, { status: 'ready' }) : sendJson(res, 503, { status: 'draining' }),
      },
    ],
    [
      '/metrics',
      {
        method: 'GET',
        answer: async (res) => {
          const { contentType, text } = await view.metrics();
          res.writeHead(200, { 'content-type': contentType }).end(text);
        },
      },
    ],
  ]);
  const guarded = token === undefined ? new Map<string, Route>() : adminRoutes(view);
  const allowed = token === undefined ? () => false : tokenCheck(token);
  return async (req, res) => {
    const path = pathOf(req);
    if (path.startsWith(ADMIN_PREFIX)) {
      if (token === undefined) sendJson(res, 404, { error: 'not found' });
      else if (!allowed(req)) sendJson(res, 401, { error: 'wrong or missing token' }, { 'www-authenticate': 'Bearer' });
      else if (appeals !== undefined && isAdminAppealsPath(path)) await answerAppeals(appeals, req, res);
      else await answer(guarded.get(path), req, res);
      return true;
    }
    const route = open.get(path);
    if (route === undefined) return false;
    await answer(route, req, res);
    return true;
  };
}

/** Returns routes that answer 404 on the paths of the operator, for a port where they are not served and must not reach the backend. */
export function withholdOperatorRoutes(): OperatorRoutes {
  return async (req, res) => {
    const path = pathOf(req);
    if (!path.startsWith(ADMIN_PREFIX) && !['/healthz', '/readyz', '/metrics'].includes(path)) return false;
    sendJson(res, 404, { error: 'not found' });
    return true;
  };
}

/** Returns a server, not listening yet, that has the operator routes and nothing else. */
export function createOperatorServer(routes: OperatorRoutes): Server {
  return createServer((req, res) => {
    routes(req, res)
      .then((answered) => {
        if (!answered) sendJson(res, 404, { error: 'not found' });
      })
      .catch(() => {
        if (res.headersSent) res.destroy();
        else sendJson(res, 500, { error: 'something went wrong' });
      });
  });
}

function adminRoutes(view: OperatorView): Map<string, Route> {
  return new Map<string, Route>([
    ['/sluice/admin/status', { method: 'GET', answer: async (res) => sendJson(res, 200, await view.status()) }],
    [
      '/sluice/admin/reload',
      {
        method: 'POST',
        answer: async (res) => {
          const outcome = await view.reload();
          sendJson(res, outcome.ok ? 200 : 422, outcome);
        },
      },
    ],
  ]);
}

async function answer(route: Route | undefined, req: IncomingMessage, res: ServerResponse): Promise<void> {
  // No route reads a body; an unread one would keep the connection from its next request.
  req.resume();
  if (route === undefined) sendJson(res, 404, { error: 'not found' });
  else if (req.method !== route.method && !(req.method === 'HEAD' && route.method === 'GET')) {
    sendJson(res, 405, { error: `use ${route.method}` }, { allow: route.method });
  } else await route.answer(res);
}

async function answerAppeals(appeals: AdminAppeals, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { status, body } = await adminAppealsAnswer(req, appeals);
  // What is left of a body that is too large.
  req.resume();
  sendJson(res, status, body);
}

/** Compares hashes, so that neither length nor time tells anything about the token. */
function tokenCheck(token: string): (req: IncomingMessage) => boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  const expected = hash(token);
  return (req) => {
    const given = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1];
    return given !== undefined && timingSafeEqual(hash(given), expected);
  };
}

function pathOf(req: IncomingMessage): string {
  return (req.url ?? '/').split(/[?#]/, 1)[0] ?? '/';
}

function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  res
    .writeHead(status, {
      ...headers,
      'content-type': 'application/json',
      'content-length': bytes.length,
      'cache-control': 'no-store',
    })
    .end(bytes);
}
