import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Adapter, openaiChat } from '../adapters/index.js';
import {
  OverloadedError,
  RequestBodyError,
  RequestTargetError,
  SluiceError,
  StoreError,
  UpstreamError,
} from '../core/index.js';
import { type Answer, bodyErrorAnswer, encodeAnswer, errorAnswer, sendAnswer } from './answers.js';

/** How long a client may go on sending a body that was refused, in milliseconds. */
const LINGER_MS = 2000;
const RETRY_AFTER_SECONDS = '1';

/**
 * Sends an answer, also while the client is still sending its body. A connection that is closed under a client that
 * sends is reset, and the client never reads the answer; so the rest is read and thrown away for a moment.
 */
export function sendEarly(req: IncomingMessage, res: ServerResponse, answer: Answer): void {
  // A client that is gone sends no rest to wait for.
  if (req.complete || req.destroyed || !hasBody(req)) {
    sendAnswer(res, answer);
    return;
  }
  const { headers, bytes } = encodeAnswer(answer);
  res.writeHead(answer.status, { ...headers, connection: 'close' });
  res.write(bytes);
  const done = (): void => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(done, LINGER_MS);
  req.once('end', done).once('close', done).resume();
}

/** Whether a request has a body, or announces one. */
export function hasBody(req: IncomingMessage): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/** Returns the answer to an exchange that failed. Tells nothing of what went on inside. */
export function failureAnswer(error: unknown, adapter: Adapter = openaiChat): Answer {
  if (error instanceof RequestBodyError) return bodyErrorAnswer(error, adapter);
  if (error instanceof OverloadedError) {
    const { status, message } = error;
    const told =
      status === 429
        ? { type: 'rate_limit_error', code: 'rate_limit_exceeded' }
        : { type: 'api_error', code: 'overloaded' };
    const info = { ...told, status, message };
    return { ...errorAnswer(info, adapter), headers: { 'retry-after': RETRY_AFTER_SECONDS } };
  }
  if (error instanceof StoreError) {
    // Of the store itself nothing is told.
    const message = 'This service cannot keep its record at the moment; try again later.';
    const info = { status: 503, type: 'api_error', code: 'record_unavailable', message };
    return { ...errorAnswer(info, adapter), headers: { 'retry-after': RETRY_AFTER_SECONDS } };
  }
  if (error instanceof UpstreamError || error instanceof RequestTargetError) {
    const type = error instanceof UpstreamError ? 'api_error' : 'invalid_request_error';
    const { status, message } = error;
    return errorAnswer({ status, type, code: error.code.toLowerCase(), message }, adapter);
  }
  const code = error instanceof SluiceError ? error.code.toLowerCase() : 'err_sluice_internal';
  return errorAnswer({ status: 500, type: 'api_error', code, message: 'Something went wrong.' }, adapter);
}
