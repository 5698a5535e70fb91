import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { RequestBodyError, StoreError } from '../core/index.js';
import { admitRequest } from './admit-request.js';
import { bodyErrorAnswer, sendAnswer } from './answers.js';
import { failureAnswer, sendEarly } from './early-answer.js';
import { moderate } from './moderations.js';
import { refuseUnrecorded } from './refuse-unrecorded.js';
import { takeBody } from './request-body.js';
import type { Screen } from './screen.js';

/** Returns an Express handler for the moderation endpoint over a pipeline that may still be loading; requests wait for it. */
export function createModerationsHandler(loading: Promise<Screen>): RequestHandler {
  return function sluiceModerations(req, res, next) {
    if (req.method !== 'POST') return next();
    loading
      .then((screen) => answer(req, res, screen))
      .catch((error: unknown) => {
        if (error instanceof StoreError) sendEarly(req, res, failureAnswer(error));
        else next(error);
      });
  };
}

async function answer(
  req: Parameters<RequestHandler>[0],
  res: Parameters<RequestHandler>[1],
  screen: Screen,
): Promise<void> {
  refuseUnrecorded(screen);
  const requestId = randomUUID();
  const path = req.originalUrl;
  res.setHeader('x-request-id', requestId);
  const route = screen.route(path, req.headers);
  const subject = screen.subjectOf(req.headers);
  const refusal = await admitRequest(screen, { req, res, path, route, subject });
  if (refusal !== undefined) return sendEarly(req, res, refusal);
  try {
    const { limits } = screen.deps.config;
    const { value, problem } = await takeBody(req, { ...limits, expected: 'named', refusesUnscreened: false });
    if (problem !== undefined) throw problem;
    const exchange = { requestId, path, policy: route.policy, subject };
    screen.holdUntilRecorded(res, exchange);
    sendAnswer(res, await moderate(screen, value, exchange));
  } catch (error) {
    if (!(error instanceof RequestBodyError)) throw error;
    sendEarly(req, res, bodyErrorAnswer(error));
  }
}
