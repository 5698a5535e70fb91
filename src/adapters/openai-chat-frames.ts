import type { StreamEvent } from '../framing/index.js';
import type { AskedReply, BlockInfo } from './adapter.js';
import { asArray, isJsonObject, type JsonObject, pick } from './json.js';
import { encodeJsonSource } from './json-source.js';

/** What the format calls content that was withheld. */
export const FILTERED = 'content_filter';
/** Data of the event behind which nothing follows. */
export const DONE = '[DONE]';
/** Top-level keys of a chunk or answer that identify it and carry no generated text. */
export const ENVELOPE_KEYS = ['id', 'object', 'created', 'model', 'system_fingerprint', 'service_tier', 'provider'];
/** Usage of an answer that no model has worked on. */
export const NO_USAGE = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };

const CHANNEL = /^choices\[(\d+)\]\.(\w+)(?:\[(\d+)\])?$/;

/** Returns the name of an answer, by what it says of itself or else by its position. */
export function answerAt(choice: JsonObject, position: number): string {
  return `choices[${choiceIndex(choice, position)}]`;
}

/** Returns the index of a choice, by what it says of itself or else by its position. */
export function choiceIndex(choice: JsonObject, position: number): number {
  const index = choice['index'];
  return Number.isSafeInteger(index) && Number(index) >= 0 ? Number(index) : position;
}

/** Returns a chunk with these choices, identified as `template` is. */
export function chunkEvent(template: unknown, choices: readonly JsonObject[], extra: JsonObject = {}): StreamEvent {
  const envelope = isJsonObject(template) ? pick(template, ENVELOPE_KEYS) : {};
  const base = { id: 'chatcmpl-sluice', object: 'chat.completion.chunk', created: 0, model: 'unknown' };
  // No event name: clients of this format treat named events differently.
  return { data: JSON.stringify({ ...base, ...envelope, choices, ...extra }) };
}

/** Returns a chunk that carries only `text` on a channel, with what else `template` says of the role or call. */
export function textEvent(channel: string, text: string, template: unknown): StreamEvent {
  const match = CHANNEL.exec(channel);
  const index = Number(match?.[1] ?? 0);
  const own = deltaOf(template, index);
  const delta = deltaFor({ key: match?.[2] ?? 'content', index: Number(match?.[3] ?? 0), text, own });
  const choice = { index, delta: { ...pick(own, ['role']), ...delta }, logprobs: null, finish_reason: null };
  return chunkEvent(template, [choice]);
}

/** Returns the chunk that ends a blocked answer. */
export function filteredEvent(answer: string, info: BlockInfo, template: unknown): StreamEvent {
  const index = Number(/\d+/.exec(answer)?.[0] ?? 0);
  // `delta` is always present: clients read through it without a check. The end may stand for the event that was to
  // name the role, without which clients take a message for broken.
  const delta = pick(deltaOf(template, index), ['role']);
  const moderation = { ...moderationOf(info), notice: info.notice };
  return chunkEvent(template, [{ index, delta, logprobs: null, finish_reason: FILTERED }], { moderation });
}

/** Returns the events of a whole stream that refuses a request. */
export function refusalEvents(info: BlockInfo, asked: AskedReply): StreamEvent[] {
  const template = { id: `chatcmpl-${info.hitId}`, model: asked.model ?? 'unknown' };
  const indexes = [...Array(asked.answers).keys()];
  const opening = indexes.map((index) => ({
    index,
    delta: { role: 'assistant', content: info.notice, refusal: null },
    logprobs: null,
    finish_reason: null,
  }));
  return [
    chunkEvent(template, opening),
    ...indexes.map((index) => filteredEvent(`choices[${index}]`, info, template)),
    ...(asked.usage ? [chunkEvent(template, [], { usage: NO_USAGE })] : []),
    { data: DONE },
  ];
}

/** Returns the error body that tells a block. */
export function blockedError(info: BlockInfo): JsonObject {
  const error = {
    message: info.notice,
    type: 'invalid_request_error',
    param: info.direction === 'input' ? 'messages' : null,
    code: FILTERED,
    moderation: moderationOf(info),
  };
  return { error };
}

/** Returns the extension key that clients of the format find the block by. */
export function moderationOf(info: BlockInfo): JsonObject {
  return { blocked: true, category: info.category ?? null, hit_id: info.hitId };
}

/** The delta that a chunk holds for a choice; empty without one. */
function deltaOf(chunk: unknown, index: number): JsonObject {
  const choice = asArray(isJsonObject(chunk) ? chunk['choices'] : undefined).find(
    (each, position) => isJsonObject(each) && choiceIndex(each, position) === index,
  );
  const delta = isJsonObject(choice) ? choice['delta'] : undefined;
  return isJsonObject(delta) ? delta : {};
}

/** Returns a delta with this text alone; a tool call keeps what `own` says of it, for text without a call is lost on clients. */
function deltaFor({
  key,
  index,
  text,
  own,
}: {
  readonly key: string;
  readonly index: number;
  readonly text: string;
  readonly own: JsonObject;
}): JsonObject {
  if (key === 'tool_calls' || key === 'custom_tool_calls') {
    const calls = asArray(own['tool_calls']).filter(isJsonObject);
    const call = calls.find((each, position) => (each['index'] ?? position) === index) ?? {};
    const kind = key === 'tool_calls' ? 'function' : 'custom';
    const named = isJsonObject(call[kind]) ? pick(call[kind], ['name']) : {};
    const said = kind === 'function' ? { arguments: encodeJsonSource(text) } : { input: text };
    return { tool_calls: [{ index, ...pick(call, ['id', 'type']), [kind]: { ...named, ...said } }] };
  }
  if (key === 'function_call') return { function_call: { arguments: encodeJsonSource(text) } };
  if (key === 'audio') return { audio: { transcript: text } };
  if (key === 'reasoning_details') return { reasoning_details: [{ type: 'reasoning.text', text }] };
  if (key === 'thinking') return { content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }] };
  return { [key]: text };
}
