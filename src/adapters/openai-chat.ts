import type { Adapter, ShapedRequest } from './adapter.js';
import { asArray, foldedValues, isJsonObject, type JsonObject, pick } from './json.js';
import { encodeJsonSource } from './json-source.js';
import { readAllSlots, readAnswerSlots, readRequestSlots, readResponseSlots } from './openai-chat-slots.js';
import { createChoiceAdapter } from './openai-choice-adapter.js';
import type { ChoiceDialect, ChoicePart } from './openai-dialect.js';

const CHAT: ChoiceDialect = {
  name: 'openai-chat',
  inputKey: 'messages',
  objects: { answer: 'chat.completion', chunk: 'chat.completion.chunk' },
  idPrefix: 'chatcmpl',
  noticeKey: 'content',
  readRequestSlots,
  readAnswerSlots,
  readAllSlots,
  readChunkSlots: (chunk) => readResponseSlots(chunk, 'delta'),
  countPrompts: () => 1,

  /** One message is enough: a backend may skip what stands beside it. */
  recognizes({ body }: ShapedRequest): boolean {
    return foldedValues(body, 'messages').some((messages) =>
      asArray(messages).some((message) => foldedValues(message, 'role').some((role) => typeof role === 'string')),
    );
  },

  sayWhole: (notice) => ({ message: { role: 'assistant', content: notice, refusal: null } }),

  sayPart: (part, own) => ({ delta: { ...pick(deltaOf(own), ['role']), ...deltaFor(part, deltaOf(own)) } }),

  // `delta` is always present: clients read through it without a check. The end may stand for the event that was to
  // name the role, without which clients take a message for broken.
  sayNothing: (own) => ({ delta: pick(deltaOf(own), ['role']) }),
};

/** OpenAI chat completions, as OpenAI, Azure, DeepSeek, vLLM and most compatible backends speak it. */
export const openaiChat: Adapter = createChoiceAdapter(CHAT);

function deltaOf({ delta }: JsonObject): JsonObject {
  return isJsonObject(delta) ? delta : {};
}

/** Returns a delta with this text alone; a tool call keeps what `own` says of it, for text without a call is lost on clients. */
function deltaFor({ key, index, text }: ChoicePart, own: JsonObject): JsonObject {
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
