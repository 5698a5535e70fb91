import type { RequestHandler } from 'express';
import { RequestBodyError, StoreError } from '../core/index.js';
import { answerAppeal, MAX_APPEAL_BYTES } from './appeals.js';
import { failureAnswer, sendEarly } from './early-answer.js';
import { takeBody } from './request-body.js';
import type { Screen } from './screen.js';

/** Returns an Express handler for appeals over a pipeline that may still be loading; requests wait for it. */
export function createAppealsHandler(loading: Promise<Screen>): RequestHandler {
  return function sluiceAppeals(req, res, next) {
    const readJson = async (screen: Screen): Promise<unknown> => {
      const limits = { ...screen.deps.config.limits, maxBodyBytes: MAX_APPEAL_BYTES };
      const { value, present, problem } = await takeBody(req, {
        ...limits,
        expected: 'named',
        refusesUnscreened: false,
      });
      if (problem !== undefined) throw problem;
      if (!present) throw new RequestBodyError(400, 'The request has no body.');
      return value;
    };
    loading
      .then((screen) => answerAppeal(req, res, { screen, readJson: () => readJson(screen) }))
      .catch((error: unknown) => {
        if (error instanceof StoreError) sendEarly(req, res, failureAnswer(error));
        else next(error);
      });
  };
}
