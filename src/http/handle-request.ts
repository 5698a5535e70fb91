import type { IncomingMessage, ServerResponse } from 'node:http';
import { writeJson } from '../adapters/index.js';
import { admitRequest } from './admit-request.js';
import { errorAnswer, moderationHeaders, refusedAnswer, unknownFieldAnswer } from './answers.js';
import type { Cancellation } from './cancellation.js';
import { hasBody, sendEarly } from './early-answer.js';
import { askedOf } from './exchange.js';
import { forward } from './forward.js';
import { readRequest } from './read-request.js';
import { refuseUnrecorded } from './refuse-unrecorded.js';
import { targetPath } from './request-target.js';
import { refusesUnscreened } from './route-table.js';
import type { Exchange, Screen } from './screen.js';
import { recordUnscreened } from './unscreened.js';
import type { Upstream } from './upstream.js';

/** What one request is handled with. */
export interface RequestContext {
  readonly screen: Screen;
  readonly upstream: Upstream;
  readonly requestId: string;
  /** Cancelled when the client goes. */
  readonly client: Cancellation;
  /** Tells a client that waits with its body to go on. */
  readonly proceed: () => void;
}

/**
 * Takes a request from its arrival to the last byte of its answer.
 * @throws {SluiceError} when no answer was sent, or one was broken off.
 */
export async function handleRequest(req: IncomingMessage, res: ServerResponse, context: RequestContext): Promise<void> {
  const { screen, requestId, proceed } = context;
  const path = targetPath(req.url ?? '/');
  // Only web sockets need one; an offer of another HTTP version is ignored, as the standard has it.
  if (/websocket/i.test(req.headers.upgrade ?? '')) {
    const message = 'Web sockets are not supported here; use plain HTTP requests.';
    return sendEarly(
      req,
      res,
      errorAnswer({ status: 400, type: 'invalid_request_error', code: 'no_upgrade', message }),
    );
  }
  refuseUnrecorded(screen);
  const route = screen.route(path, req.headers);
  const { mode } = route.policy;
  const subject = screen.subjectOf(req.headers);
  const refusal = await admitRequest(screen, { req, res, path, route, subject });
  if (refusal !== undefined) return sendEarly(req, res, refusal);
  const hasContent = hasBody(req);
  // A mode that changes nothing refuses nothing.
  const refuses = mode === 'enforce' && refusesUnscreened(route, { method: req.method ?? 'GET', hasBody: hasContent });
  const { limits } = screen.deps.config;
  const reading = {
    path,
    adapter: route.adapter,
    limits,
    lenient: mode !== 'enforce',
    refusesUnscreened: refuses,
    proceed,
  };
  const { adapter, readable, body, source, raw } = await readRequest(req, reading);
  const begun: Exchange = {
    requestId,
    path,
    policy: route.policy,
    subject,
    language: { acceptLanguage: req.headers['accept-language'] },
    ...(adapter === undefined ? {} : { asked: adapter.readAsked(body) }),
  };
  screen.holdUntilRecorded(res, begun);
  if (adapter === undefined || !readable) {
    recordUnscreened(screen, { exchange: begun, direction: hasContent ? 'input' : 'output', refused: refuses });
    if (refuses) return sendEarly(req, res, refusedAnswer());
    proceed();
    return forward({ req, res, context, exchange: begun, route, adapter, body: raw });
  }
  const screened = await screen.screenInput(adapter, body, begun);
  const { exchange } = screened;
  if (screened.refused) return sendEarly(req, res, unknownFieldAnswer('input', adapter));
  if (screened.blocked !== undefined) {
    return sendEarly(req, res, adapter.blockedReply(screened.blocked, askedOf(exchange)));
  }
  for (const [name, value] of Object.entries(moderationHeaders('input', screened.verdict, exchange)))
    res.setHeader(name, value);
  // Sent as it was parsed: a body with repeated keys must not mean one thing here and another at the backend.
  const written = (): string => (adapter.requestIsText ? String(screened.body) : writeJson(screened.body, source));
  const sent = mode === 'enforce' && raw !== null ? Buffer.from(written()) : raw;
  return forward({ req, res, context, exchange, route, adapter, body: sent });
}
