import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { findAdapter, openaiChat } from '../adapters/index.js';
import { RequestBodyError, type Verdict } from '../core/index.js';
import { captureResponse } from './capture-response.js';
import { parseJsonBody, readBody } from './read-body.js';
import type { Screen } from './screen.js';

declare global {
  namespace Express {
    interface Request {
      /** The strongest verdict of the request, once it was screened. */
      sluice?: Verdict;
    }
  }
}

/** Returns Express middleware over a pipeline that may still be loading. */
export function createMiddleware(loading: Promise<Screen>): RequestHandler {
  return async (req, res, next) => {
    try {
      const screen = await loading;
      const { limits } = screen.deps.config;
      const path = req.originalUrl;
      if (req.body === undefined && req.method === 'POST') {
        const encoding = req.headers['content-encoding'];
        const json = findAdapter(path, undefined) !== undefined || /\bjson\b/i.test(req.headers['content-type'] ?? '');
        if (json) {
          req.body = parseJsonBody(
            await readBody(req, { encoding, maxBytes: limits.maxBodyBytes }),
            limits.maxJsonDepth,
          );
        }
      }
      const { policy, unscreened } = screen.route(path, req.headers);
      const adapter = req.method === 'POST' ? findAdapter(path, req.body) : undefined;
      if (adapter === undefined) {
        screen.deps.metrics.unscreened.inc();
        if (unscreened === 'allow') return next();
        const info = { status: 403, type: 'invalid_request_error', code: 'unscreened_path' };
        res
          .status(403)
          .json(openaiChat.errorBody({ ...info, message: 'This path cannot be screened and is refused.' }));
        return;
      }
      const exchange = { requestId: randomUUID(), path, policy };
      const screened = screen.screenBody(adapter, req.body, 'input', exchange);
      if (screened.verdict !== undefined) req.sluice = screened.verdict;
      if (screened.blocked !== undefined) {
        const answer = adapter.blockedInput(screened.blocked);
        res.status(answer.status).set(answer.headers).json(answer.body);
        return;
      }
      req.body = screened.body;
      captureResponse(res, screen, adapter, exchange);
      next();
    } catch (error) {
      if (!(error instanceof RequestBodyError)) return next(error);
      const info = { status: error.status, type: 'invalid_request_error', code: error.code.toLowerCase() };
      res.status(error.status).json(openaiChat.errorBody({ ...info, message: error.message }));
    }
  };
}
