import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { type Adapter, findAdapter, isUnnamed } from '../adapters/index.js';
import { RequestBodyError, SluiceError, StoreError, type Verdict } from '../core/index.js';
import { admitRequest } from './admit-request.js';
import { bodyErrorAnswer, moderationHeaders, refusedAnswer, sendAnswer, unknownFieldAnswer } from './answers.js';
import { failureAnswer, hasBody, sendEarly } from './early-answer.js';
import { askedOf } from './exchange.js';
import { refuseUnrecorded } from './refuse-unrecorded.js';
import { type TakeBodyOptions, type TakenBody, takeBody } from './request-body.js';
import { refusesUnscreened } from './route-table.js';
import type { Exchange, Screen } from './screen.js';
import { screenResponse } from './screen-reply.js';
import { recordUnscreened } from './unscreened.js';

declare global {
  namespace Express {
    interface Request {
      /** The strongest verdict on the request, once it was screened; it holds no text. */
      sluice?: Verdict;
    }
  }
}

/** Marks requests, also for another copy of this package: what was screened once is not screened again. */
const SCREENED = Symbol.for('llm-sluice.screened');

type ExpressRequest = Parameters<RequestHandler>[0];

/** Returns Express middleware over a pipeline that may still be loading; requests wait for it. */
export function createMiddleware(loading: Promise<Screen>): RequestHandler {
  return function sluiceMiddleware(req, res, next) {
    loading
      .then((screen) => screenRequest(req, res, screen))
      .then(
        (goesOn) => {
          if (goesOn) next();
        },
        (error: unknown) => {
          if (error instanceof StoreError) sendEarly(req, res, failureAnswer(error, findAdapter(req.originalUrl)));
          else next(error);
        },
      );
  };
}

/** Resolves to whether the handler of the host may run; otherwise the request is answered. */
async function screenRequest(req: ExpressRequest, res: ServerResponse, screen: Screen): Promise<boolean> {
  const earlier: unknown = Reflect.get(req, SCREENED);
  if (earlier === 'screened') return true;
  refuseUnrecorded(screen);
  const path = req.originalUrl;
  const route = screen.route(path, req.headers);
  const named = route.adapter ?? findAdapter(path);
  const { policy } = route;
  const subject = screen.subjectOf(req.headers);
  const refusal = await admitRequest(screen, { req, res, path, route, subject });
  if (refusal !== undefined) {
    sendEarly(req, res, refusal);
    return false;
  }
  // A mode that changes nothing refuses nothing.
  const enforces = policy.mode === 'enforce';
  let body: TakenBody;
  try {
    body = await takeBody(req, {
      ...screen.deps.config.limits,
      expected: expectedOf(named, path),
      refusesUnscreened: enforces && refusesUnscreened(route, { method: req.method, hasBody: hasBody(req) }),
    });
    if (body.problem !== undefined && enforces) throw body.problem;
  } catch (error) {
    if (!(error instanceof RequestBodyError)) throw error;
    sendEarly(req, res, bodyErrorAnswer(error, named));
    return false;
  }
  const adapter = route.adapter ?? findAdapter(path, { body: body.value, headers: req.headers });
  const asked = adapter?.readAsked(body.value);
  const exchange: Exchange = {
    requestId: randomUUID(),
    path,
    policy,
    subject,
    language: { acceptLanguage: req.headers['accept-language'] },
    ...(asked === undefined ? {} : { asked }),
  };
  screen.holdUntilRecorded(res, exchange);
  Reflect.set(req, SCREENED, adapter === undefined ? 'unscreened' : 'screened');
  const received = { req, res, screen, exchange, body };
  const unread = adapter === undefined || (body.present && body.value === undefined);
  if (unread) {
    const refused = enforces && refusesUnscreened(route, { method: req.method, hasBody: body.present });
    if (!passUnscreened({ ...received, refused, counted: earlier !== undefined })) return false;
  }
  if (adapter === undefined) return true;
  const screened = unread ? exchange : await screenInput({ ...received, adapter });
  if (screened !== undefined) screenResponse(req, res, { screen, adapter, exchange: screened, route });
  return screened !== undefined;
}

function expectedOf(named: Adapter | undefined, path: string): TakeBodyOptions['expected'] {
  if (named !== undefined) return named.requestIsText === true ? 'text' : 'named';
  return isUnnamed(path) ? 'unnamed' : 'unread';
}

interface Received {
  readonly req: ExpressRequest;
  readonly res: ServerResponse;
  readonly screen: Screen;
  readonly exchange: Exchange;
  readonly body: TakenBody;
}

function passUnscreened(options: Received & { readonly refused: boolean; readonly counted: boolean }): boolean {
  const { req, res, screen, exchange, body, refused, counted } = options;
  if (refused || !counted)
    recordUnscreened(screen, { exchange, direction: body.present ? 'input' : 'output', refused });
  if (refused) {
    res.setHeader('x-request-id', exchange.requestId);
    sendEarly(req, res, refusedAnswer());
    return false;
  }
  body.handOver(body.value, { verbatim: true });
  return true;
}

/** Resolves to what the reply is screened with; `undefined` when the request is answered. */
async function screenInput(options: Received & { readonly adapter: Adapter }): Promise<Exchange | undefined> {
  const { req, res, screen, adapter, body } = options;
  const {
    verdict,
    blocked,
    refused,
    body: seen,
    exchange,
  } = await screen.screenInput(adapter, body.value, options.exchange);
  if (verdict !== undefined) req.sluice = verdict;
  if (blocked !== undefined || refused) {
    const answer =
      blocked === undefined ? unknownFieldAnswer('input', adapter) : adapter.blockedReply(blocked, askedOf(exchange));
    res.setHeader('x-request-id', exchange.requestId);
    sendAnswer(res, answer);
    return undefined;
  }
  const { mode } = exchange.policy;
  body.handOver(seen, { verbatim: mode !== 'enforce' });
  for (const [name, value] of Object.entries(moderationHeaders('input', verdict, exchange))) res.setHeader(name, value);
  return exchange;
}

/** Returns the error that requests get while the pipeline cannot be loaded; the reason stays in its `cause`. */
export function notLoadedError(cause: unknown): Error {
  const code = cause instanceof SluiceError ? cause.code : 'ERR_SLUICE_INTERNAL';
  return Object.assign(new Error('The screen could not be loaded.', { cause }), { status: 503, code });
}
