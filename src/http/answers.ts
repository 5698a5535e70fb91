import { isUtf8 } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import {
  type Adapter,
  type ErrorInfo,
  hasRepeatedKeys,
  type ModerationNote,
  type OwnReply,
  openaiChat,
  writeJson,
} from '../adapters/index.js';
import { type Direction, RequestBodyError, type Verdict } from '../core/index.js';
import { labelHeaders, labelsField } from './ai-label.js';
import { askedOf, type Exchange, recordFiltered } from './exchange.js';
import { parseJsonText } from './json-body.js';
import type { Screen } from './screen.js';

/** A whole answer of our own, which replaces what would have been passed on. */
export type Answer = OwnReply;

/** A whole reply after screening. */
export interface ScreenedReply {
  /** What may leave: the very bytes that came in when nothing was changed. */
  readonly bytes: Buffer;
  readonly changed: boolean;
  /** Headers of ours, by name in lower case; they replace those of the backend. */
  readonly headers: Readonly<Record<string, string>>;
  /** What goes to the client in place of the reply, head included, where a block is told as an error. */
  readonly answer?: Answer;
  /** The strongest verdict of its fields, if it has any. */
  readonly verdict: Verdict | undefined;
}

/** A whole reply before screening. */
export interface ReplyToJudge {
  readonly adapter: Adapter;
  readonly exchange: Exchange;
  readonly status: number;
  readonly bytes: Buffer;
  /** Whether one that is not JSON may be plain text; an error always may. */
  readonly isText?: boolean;
  /** Whether the client has the head already: then the body has to say all, and keep its status. */
  readonly headIsOut?: boolean;
}

/** Headers that keep whoever stands between from collecting a stream before it passes it on. */
export const STREAM_HEADERS = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' };

/** Returns an error answer in the shape that clients of the format parse; of OpenAI when the format is unknown. */
export function errorAnswer(info: ErrorInfo, adapter: Adapter = openaiChat): Answer {
  return { status: info.status, headers: {}, content: { body: adapter.errorBody(info) } };
}

/** Returns the answer to a request that nothing can screen on a route that refuses such requests. */
export function refusedAnswer(): Answer {
  const message = 'This path cannot be screened and is refused.';
  return errorAnswer({ status: 403, type: 'invalid_request_error', code: 'unscreened_path', message });
}

/** Returns the answer where a body is stopped because it holds text under keys that its format does not know. */
export function unknownFieldAnswer(direction: Direction, adapter: Adapter): Answer {
  const ofInput = direction === 'input';
  const message = `The ${ofInput ? 'request' : 'reply'} holds text under keys that its format does not know, and is refused.`;
  const info = { status: ofInput ? 400 : 502, type: ofInput ? 'invalid_request_error' : 'api_error' };
  // The same request would bring the same again.
  return {
    ...errorAnswer({ ...info, code: 'unknown_field', message }, adapter),
    headers: { 'x-should-retry': 'false' },
  };
}

/** Returns the answer to a request whose body cannot be read. */
export function bodyErrorAnswer(error: RequestBodyError, adapter?: Adapter): Answer {
  const info = { status: error.status, type: 'invalid_request_error', code: error.code.toLowerCase() };
  return errorAnswer({ ...info, message: error.message }, adapter);
}

/** Returns the headers and bytes of an answer: JSON, or a stream in its framing. */
export function encodeAnswer({ headers, content }: Answer): {
  headers: Readonly<Record<string, string>>;
  bytes: Buffer;
} {
  const streams = 'events' in content;
  const type = streams ? content.framing.contentType : 'application/json';
  const wire = streams ? content.events.map(content.framing.encode).join('') : JSON.stringify(content.body);
  const bytes = Buffer.from(wire);
  const own = { 'content-type': type, 'content-length': String(bytes.length) };
  return { headers: { ...headers, ...(streams ? STREAM_HEADERS : {}), ...own }, bytes };
}

/** Writes an answer; headers set on `res` before stay. */
export function sendAnswer(res: ServerResponse, answer: Answer): void {
  const { headers, bytes } = encodeAnswer(answer);
  res.statusCode = answer.status;
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.end(bytes);
}

/**
 * Screens a whole reply. Where the adapter knows no text of it, as in an error or a shape of its own, every string is
 * text. An error keeps its status and its shape: a blocked string in it becomes a notice.
 * @param reply `isText`: whether a reply that is not JSON may be plain text; an error always may
 * @throws {RequestBodyError} when a reply that may not be plain text is not JSON, or is nested too deep.
 */
export async function screenReply(screen: Screen, reply: ReplyToJudge): Promise<ScreenedReply> {
  const read = readReply(screen, reply);
  const screened = exactly(await judgeReply(screen, reply, read), reply, read);
  const { adapter, exchange, headIsOut = false } = reply;
  const { verdict, changed } = screened;
  if (!headIsOut || changed || verdict === undefined || exchange.policy.mode !== 'annotate') return screened;
  if (read.body === undefined) return screened;
  const annotated = adapter.annotateBody(read.body, { moderation: moderationNote(verdict, exchange) });
  return { ...screened, bytes: Buffer.from(writeJson(annotated, read.source)), changed: true };
}

/** A reply as it is judged. */
interface ReadReply {
  /** Its text, byte order mark included. */
  readonly source: string;
  /** Its JSON; `undefined` where it is plain text. */
  readonly body: unknown;
}

function readReply(screen: Screen, { status, bytes, isText }: ReplyToJudge): ReadReply {
  // Log probabilities make a reply of many values, which are no texts.
  const { maxJsonDepth } = screen.deps.config.limits;
  const source = bytes.toString('utf8');
  try {
    return { source, body: parseJsonText(source, { maxJsonDepth }) };
  } catch (error) {
    if (!(error instanceof RequestBodyError) || (status < 400 && isText !== true)) throw error;
    return { source, body: undefined };
  }
}

/**
 * Bytes that some readers read otherwise than they were judged are written anew: with a key that stands twice, of which some
 * take the first, or in broken UTF-8, which some take for another encoding.
 */
function exactly(screened: ScreenedReply, { exchange }: ReplyToJudge, { source, body }: ReadReply): ScreenedReply {
  const { bytes, changed, answer } = screened;
  if (changed || answer !== undefined || exchange.policy.mode !== 'enforce') return screened;
  const isExact = body === undefined || !hasRepeatedKeys(source, body);
  if (isExact && isUtf8(bytes)) return screened;
  const exact = body === undefined ? source.replace(/^\uFEFF/, '') : writeJson(body, source);
  return { ...screened, bytes: Buffer.from(exact), changed: true };
}

async function judgeReply(screen: Screen, reply: ReplyToJudge, { source, body }: ReadReply): Promise<ScreenedReply> {
  const { adapter, exchange, status, bytes, headIsOut = false } = reply;
  if (body === undefined) {
    const { value, verdict } = await screen.screenLoose(source, exchange);
    const changed = value !== source;
    const headers = moderationHeaders('output', verdict, exchange);
    return { bytes: changed ? Buffer.from(String(value)) : bytes, changed, headers, verdict };
  }
  recordFiltered(screen.deps, { exchange, parts: adapter.filteredParts(body) });
  if (status >= 400 || adapter.readTexts(body, 'output').length === 0) {
    const { value, verdict } = await screen.screenLoose(body, exchange);
    const changed = verdict?.applied === 'redact' || verdict?.applied === 'block';
    const headers = moderationHeaders('output', verdict, exchange);
    return { bytes: changed ? Buffer.from(writeJson(value, source)) : bytes, changed, headers, verdict };
  }
  const { verdict, blocked, refused, changed, body: passing } = await screen.screenOutput(adapter, body, exchange);
  if (refused) {
    const headers = { 'x-request-id': exchange.requestId };
    return { bytes, changed: false, headers, verdict, answer: unknownFieldAnswer('output', adapter) };
  }
  const ours = blocked === undefined ? {} : { 'x-request-id': exchange.requestId, 'x-should-retry': 'false' };
  const headers = { ...moderationHeaders('output', verdict, exchange), ...labelHeaders(exchange), ...ours };
  const asIs = { bytes, changed: false, headers, verdict };
  if (blocked?.blockAs === 'error' && !headIsOut) {
    return { ...asIs, headers: ours, answer: adapter.blockedReply(blocked, askedOf(exchange)) };
  }
  const labels = labelsField(exchange);
  if (blocked === undefined && !changed && !labels) return asIs;
  const labeled = labels ? adapter.annotateBody(passing, { aiGenerated: true }) : passing;
  return { ...asIs, bytes: Buffer.from(writeJson(labeled, source)), changed: true };
}

/** Returns what mode `annotate` tells the client about a verdict: action and categories, never a term. */
export function moderationNote(verdict: Verdict, exchange: Exchange): ModerationNote {
  const categories = [...new Set(verdict.hits.map(({ category }) => category))];
  const unscreened = [...new Set(verdict.unscreened?.map(({ reason }) => reason))];
  return { action: verdict.action, categories, unscreened, hitId: exchange.requestId };
}

/** Returns the same as headers; none without a verdict, or in another mode. */
export function moderationHeaders(
  direction: Direction,
  verdict: Verdict | undefined,
  exchange: Exchange,
): Readonly<Record<string, string>> {
  if (verdict === undefined || exchange.policy.mode !== 'annotate') return {};
  const { action, categories, unscreened } = moderationNote(verdict, exchange);
  return {
    [`x-moderation-${direction}-action`]: action,
    ...(unscreened.length === 0 ? {} : { [`x-moderation-${direction}-unscreened`]: unscreened.join(', ') }),
    ...(categories.length === 0 ? {} : { [`x-moderation-${direction}-categories`]: categories.join(', ') }),
  };
}
