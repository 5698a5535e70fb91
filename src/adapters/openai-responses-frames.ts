import type { StreamEvent } from '../framing/index.js';
import type { AskedReply, BlockInfo, ErrorInfo } from './adapter.js';
import { isJsonObject, type JsonObject, pickNames } from './json.js';

/** What the format calls content that was withheld. */
export const FILTERED = 'content_filter';
/**
 * Extension key that clients find a block or a note by. The format has a `moderation` of its own, with other members.
 */
export const MODERATION = 'sluice_moderation';

/** Keys that identify a response, or say how it was made. */
const ENVELOPE_KEYS = [
  ...['id', 'object', 'created_at', 'background', 'max_output_tokens', 'max_tool_calls', 'model', 'store'],
  ...['parallel_tool_calls', 'previous_response_id', 'prompt_cache_key', 'prompt_cache_retention', 'safety_identifier'],
  ...['service_tier', 'temperature', 'top_logprobs', 'top_p', 'truncation', 'user'],
];

/** Returns an event of the format, which carries its name twice. */
export function responsesEvent(value: JsonObject): StreamEvent {
  return { event: String(value['type']), data: JSON.stringify(value) };
}

/** The body of an error. */
export interface ErrorBody {
  readonly error: JsonObject;
}

/** Returns the error body that tells a block. */
export function blockedError(info: BlockInfo): ErrorBody {
  const param = info.direction === 'input' ? 'input' : null;
  const base = { message: info.notice, type: 'invalid_request_error', param, code: FILTERED };
  return { error: { ...base, moderation: moderationOf(info) } };
}

/** Returns an error body in the shape that clients of the format parse. */
export function errorBody({ message, type, code }: ErrorInfo): ErrorBody {
  return { error: { message, type, param: null, code } };
}

/**
 * Returns the event that tells an error. The format has its members in the event itself; the official client raises an
 * error only for one that stands under `error`, and so do backends send it.
 */
export function errorValue({ error }: ErrorBody): JsonObject {
  const { code, message, param } = error;
  return { type: 'error', code, message, param, error };
}

/** Returns the response that a block leaves of one: its text gone, its usage kept. */
export function filteredResponse(response: JsonObject, output: readonly unknown[], info: BlockInfo): JsonObject {
  return {
    ...response,
    status: 'incomplete',
    completed_at: null,
    error: null,
    incomplete_details: { reason: FILTERED },
    output,
    [MODERATION]: { ...moderationOf(info), notice: info.notice },
  };
}

/** Returns a message that says the notice, as the model says a refusal of its own. */
export function refusalItem(info: BlockInfo): JsonObject {
  return {
    type: 'message',
    id: `msg_${info.hitId}`,
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'refusal', refusal: info.notice }],
  };
}

/** Returns the events that say the notice as an item of its own. */
export function refusalItemEvents(info: BlockInfo, index: number): JsonObject[] {
  const item = refusalItem(info);
  const part = { output_index: index, item_id: item['id'], content_index: 0 };
  const at = { output_index: index };
  return [
    { type: 'response.output_item.added', ...at, item: { ...item, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...part, part: { type: 'refusal', refusal: '' } },
    { type: 'response.refusal.delta', ...part, delta: info.notice },
    { type: 'response.refusal.done', ...part, refusal: info.notice },
    { type: 'response.content_part.done', ...part, part: { type: 'refusal', refusal: info.notice } },
    { type: 'response.output_item.done', ...at, item },
  ];
}

/** Returns a response that no backend has worked on, with every key that the format demands. */
export function emptyResponse(asked: AskedReply, { hitId, timeMs }: Pick<BlockInfo, 'hitId' | 'timeMs'>): JsonObject {
  return {
    id: `resp_${hitId}`,
    object: 'response',
    created_at: Math.floor(timeMs / 1000),
    status: 'in_progress',
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model: 'unknown',
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: null,
    temperature: null,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    truncation: 'disabled',
    usage: null,
    ...pickNames(asked.model === undefined ? {} : { model: asked.model }, ['model']),
  };
}

/** Usage of an answer that no model has worked on. */
export const NO_USAGE: JsonObject = {
  input_tokens: 0,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 0,
};

/** Returns the response that refuses a request. */
export function refusedResponse(info: BlockInfo, asked: AskedReply): JsonObject {
  const response = { ...emptyResponse(asked, info), usage: NO_USAGE };
  return filteredResponse(response, [refusalItem(info)], info);
}

/** Returns the events of a whole stream that refuses a request. */
export function refusalEvents(info: BlockInfo, asked: AskedReply): StreamEvent[] {
  const response = emptyResponse(asked, info);
  const values: JsonObject[] = [
    { type: 'response.created', response },
    { type: 'response.in_progress', response },
    ...refusalItemEvents(info, 0),
    { type: 'response.incomplete', response: refusedResponse(info, asked) },
  ];
  return values.map((value, index) => responsesEvent({ ...value, sequence_number: index }));
}

/** Returns a response that is identified as `body` is, and says nothing of what it says. */
export function envelopeOf(body: unknown, info: BlockInfo): JsonObject {
  const source = isJsonObject(body) ? body : {};
  const { usage } = source;
  const empty = emptyResponse({ stream: false, answers: 1, usage: true }, info);
  return { ...empty, ...pickNames(source, ENVELOPE_KEYS), ...(isJsonObject(usage) ? { usage } : {}) };
}

function moderationOf(info: BlockInfo): JsonObject {
  return { blocked: true, category: info.category ?? null, hit_id: info.hitId };
}
