import type { StreamEvent } from '../framing/index.js';
import type { AskedReply, BlockInfo, ErrorInfo } from './adapter.js';
import { isJsonObject, type JsonObject, pick } from './json.js';

/** What the format calls an answer that was withheld. */
export const REFUSAL = 'refusal';
/** Keys of a block that hold its streamed text, with the type of the delta that carries each. */
const DELTA_TYPES: Readonly<Record<string, string>> = {
  text: 'text_delta',
  thinking: 'thinking_delta',
  input: 'input_json_delta',
  content: 'compaction_delta',
};

/** Usage of an answer that no model has worked on. */
const NO_USAGE = { input_tokens: 0, output_tokens: 0 };
/** What an event that ends a message tells of the usage. */
const USAGE_KEYS = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'].concat([
  'output_tokens',
  'server_tool_use',
  'output_tokens_details',
]);
const OF_BATCH = /^requests\[\d+\]/;
const ONE_WORD = /^[\x21-\x7e]+$/;
/** What the vendor asks of clients, by language: a conversation that keeps the refused turn is refused again. */
const ADVICE: Readonly<Record<string, string>> = {
  en: ' Leave the refused turn out of the next request.',
  zh: '请从下一次请求中去掉这一轮对话。',
  ja: '次のリクエストでは、このやり取りを除いてください。',
};

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** Returns an event of the stream under the name that clients dispatch on. */
export function messagesEvent(type: string, fields: JsonObject = {}): StreamEvent {
  return { event: type, data: JSON.stringify({ type, ...fields }) };
}

/** Returns an event with more text of a block, JSON source for the key `input`. */
export function textEvent(index: number, key: string, text: string): StreamEvent {
  const type = DELTA_TYPES[key] ?? `${key}_delta`;
  const delta = key === 'input' ? { type, partial_json: text } : { type, [key]: text };
  return messagesEvent('content_block_delta', { index, delta });
}

/** Returns the event that begins a block whose text has the key; it holds no text yet. */
export function blockStartEvent(index: number, key: string): StreamEvent {
  const block =
    key === 'thinking' ? { type: key, [key]: '', signature: '' } : { type: 'text', text: '', citations: null };
  return messagesEvent('content_block_start', { index, content_block: block });
}

/** Returns the events of a whole text block. */
export function textBlockEvents(index: number, text: string): StreamEvent[] {
  return [
    blockStartEvent(index, 'text'),
    textEvent(index, 'text', text),
    messagesEvent('content_block_stop', { index }),
  ];
}

/** Returns the event that begins a message; what is not told of it is made up. */
export function startEvent(told: JsonObject, asked: AskedReply): StreamEvent {
  const message = messageOf(told, { id: 'msg_sluice', model: asked.model ?? 'unknown' });
  return messagesEvent('message_start', { message: { ...message, content: [], stop_reason: null } });
}

/** Returns the event that ends a blocked message, with the usage as far as the backend has told it. */
export function refusedEvent(info: BlockInfo, usage: JsonObject): StreamEvent {
  const delta = { stop_reason: REFUSAL, stop_sequence: null, stop_details: stopDetailsOf(info) };
  // Clients read the number of tokens without a check.
  const told = { output_tokens: 0, ...pick(usage, USAGE_KEYS) };
  return messagesEvent('message_delta', { delta, usage: told, moderation: moderationOf(info) });
}

/** Returns the events of a whole stream that refuses a request. */
export function refusalEvents(info: BlockInfo, asked: AskedReply): StreamEvent[] {
  return [
    startEvent({ id: `msg_${info.hitId}` }, asked),
    ...textBlockEvents(0, info.notice),
    refusedEvent(info, NO_USAGE),
    messagesEvent('message_stop'),
  ];
}

/** Returns a whole message that refuses, with what identifies `source` and its usage. */
export function refusedMessage(source: JsonObject, info: BlockInfo): JsonObject {
  const message = messageOf(source, { id: `msg_${info.hitId}`, model: 'unknown' });
  const content = [{ type: 'text', text: info.notice, citations: null }];
  const ending = { stop_reason: REFUSAL, stop_details: stopDetailsOf(info), moderation: moderationOf(info) };
  return { ...message, content, ...ending };
}

/** Returns the error body that tells a block. */
export function blockedError(info: BlockInfo): JsonObject {
  const details = { error_code: 'content_filter' };
  const error = { type: 'invalid_request_error', message: explain(info), details };
  return { type: 'error', error: { ...error, moderation: moderationOf(info) }, request_id: info.hitId };
}

/** Returns an error body; the code stands where the official client looks for one. */
export function errorBody({ status, code, message }: ErrorInfo): JsonObject {
  const type = ERROR_TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
  return { type: 'error', error: { type, message, details: { error_code: code } }, request_id: null };
}

/** What identifies a message, and its usage; what is no plain name may be what was blocked. */
function messageOf(source: JsonObject, made: { readonly id: string; readonly model: string }): JsonObject {
  const named = (key: 'id' | 'model'): unknown => (ONE_WORD.test(String(source[key] ?? '')) ? source[key] : made[key]);
  const usage = isJsonObject(source['usage']) ? source['usage'] : NO_USAGE;
  return { id: named('id'), type: 'message', role: 'assistant', model: named('model'), stop_sequence: null, usage };
}

/**
 * The categories of the vendor are a closed list, which strictly typed clients refuse to be extended; ours stands in the
 * key `moderation`.
 */
function stopDetailsOf(info: BlockInfo): JsonObject {
  const category = info.category === undefined ? null : 'general_harms';
  return { type: REFUSAL, category, explanation: explain(info) };
}

function explain({ notice, language = 'en', direction }: BlockInfo): string {
  // The notice about a request says how to go on.
  if (direction === 'input') return notice;
  return notice + (ADVICE[language.split('-', 1)[0] ?? ''] ?? ADVICE['en']);
}

/** Of a batch it says which request is blocked, for there may be very many. */
function moderationOf({ category, hitId, field = '' }: BlockInfo): JsonObject {
  const request = OF_BATCH.exec(field)?.[0];
  return { blocked: true, category: category ?? null, hit_id: hitId, ...(request === undefined ? {} : { request }) };
}

/** Returns the usage that is told so far: later numbers take the place of earlier ones. Never throws. */
export function mergedUsage(told: JsonObject, further: unknown): JsonObject {
  if (!isJsonObject(further)) return told;
  return { ...told, ...Object.fromEntries(Object.entries(further).filter(([, count]) => count !== null)) };
}
