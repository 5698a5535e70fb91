import type { ServerResponse } from 'node:http';
import { type Adapter, type ErrorInfo, openaiChat } from '../adapters/index.js';
import { type Direction, RequestBodyError, type Verdict } from '../core/index.js';
import { parseJsonBody } from './read-body.js';
import type { Exchange, Screen } from './screen.js';

/** A whole answer of our own, which replaces what would have been passed on. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A whole reply after screening. */
export interface ScreenedReply {
  /** What may leave: the very bytes that came in when nothing was changed. */
  readonly bytes: Buffer;
  readonly changed: boolean;
  /** The strongest verdict of its fields, if it has any. */
  readonly verdict: Verdict | undefined;
}

/** Returns an error answer in the shape that clients of the format parse; of OpenAI when the format is unknown. */
export function errorAnswer(info: ErrorInfo, adapter: Adapter = openaiChat): Answer {
  return { status: info.status, headers: {}, body: adapter.errorBody(info) };
}

/** Returns the answer to a request that nothing can screen on a route that refuses such requests. */
export function refusedAnswer(): Answer {
  const message = 'This path cannot be screened and is refused.';
  return errorAnswer({ status: 403, type: 'invalid_request_error', code: 'unscreened_path', message });
}

/** Returns the answer to a request whose body cannot be read. */
export function bodyErrorAnswer(error: RequestBodyError, adapter?: Adapter): Answer {
  const info = { status: error.status, type: 'invalid_request_error', code: error.code.toLowerCase() };
  return errorAnswer({ ...info, message: error.message }, adapter);
}

/** Writes an answer as JSON; headers set on `res` before stay. */
export function sendAnswer(res: ServerResponse, { status, headers, body }: Answer): void {
  const bytes = Buffer.from(JSON.stringify(body));
  res.statusCode = status;
  const all = { ...headers, 'content-type': 'application/json', 'content-length': String(bytes.length) };
  for (const [name, value] of Object.entries(all)) res.setHeader(name, value);
  res.end(bytes);
}

/**
 * Screens a whole JSON reply. One with an error status is text too, but passes when it is not JSON.
 * @throws {RequestBodyError} when a reply with another status is not JSON, or nested too deep.
 */
export function screenReply(
  screen: Screen,
  reply: { readonly adapter: Adapter; readonly exchange: Exchange; readonly status: number; readonly bytes: Buffer },
): ScreenedReply {
  const { adapter, exchange, status, bytes } = reply;
  let body: unknown;
  try {
    body = parseJsonBody(bytes, screen.deps.config.limits.maxJsonDepth);
  } catch (error) {
    if (status < 400 || !(error instanceof RequestBodyError)) throw error;
    return { bytes, changed: false, verdict: undefined };
  }
  const { verdict, blocked, ...screened } = screen.screenBody(adapter, body, 'output', exchange);
  if (blocked === undefined && !screened.changed) return { bytes, changed: false, verdict };
  const info = { status, type: 'api_error', code: 'content_filter', message: blocked?.notice ?? '' };
  let out = screened.body;
  // Clients read nothing but the error of a reply with an error status.
  if (blocked !== undefined) out = status >= 400 ? adapter.errorBody(info) : adapter.blockedOutput(body, blocked);
  return { bytes: Buffer.from(JSON.stringify(out)), changed: true, verdict };
}

/** Returns the headers that tell a client of mode `annotate` about a verdict: categories and action, never a term. */
export function moderationHeaders(
  direction: Direction,
  verdict: Verdict | undefined,
): Readonly<Record<string, string>> {
  if (verdict === undefined) return {};
  const categories = [...new Set(verdict.hits.map(({ category }) => category))];
  return {
    [`x-moderation-${direction}-action`]: verdict.action,
    ...(categories.length === 0 ? {} : { [`x-moderation-${direction}-categories`]: categories.join(', ') }),
  };
}
