import type { Adapter, ShapedRequest } from './adapter.js';
import { asArray, foldedValues, isJsonObject, type JsonObject, pick } from './json.js';
import { createChoiceAdapter } from './openai-choice-adapter.js';
import type { ChoiceDialect, ChoicePart, ChoiceRun } from './openai-dialect.js';
import { OPENAI_TEXT_RULES } from './openai-text-rules.js';

/** Parts of the content, whatever their declared type: a client may read them all. */
const PART = /^(?:\[\d+\])?(?:\.(?:text|refusal|reasoning|reasoning_content))?$/;
/** Places in a choice of a chunk that hold names, and objects that come whole. */
const ALONE =
  /^(?:delta\.(?:tool_calls|function_call|annotations|audio|images|reasoning_details)|content_filter_results?)\b/;
const CALL = /^\[(\d+)\]\.(function|custom)\.(arguments|input)$/;

const CHAT: ChoiceDialect = {
  name: 'openai-chat',
  inputKey: 'messages',
  objects: { answer: 'chat.completion', chunk: 'chat.completion.chunk' },
  idPrefix: 'chatcmpl',
  noticeKey: 'content',
  rules: OPENAI_TEXT_RULES,
  countPrompts: () => 1,

  /** One message is enough: a backend may skip what stands beside it. */
  recognizes({ body }: ShapedRequest): boolean {
    return foldedValues(body, 'messages').some((messages) =>
      asArray(messages).some((message) => foldedValues(message, 'role').some((role) => typeof role === 'string')),
    );
  },

  isAnswer: ({ message }) => isJsonObject(message),

  runOf(path: string, { delta }: JsonObject): ChoiceRun | undefined {
    const [, key = '', rest = ''] = /^delta\.(\w+)(.*)$/.exec(path) ?? [];
    if (key === '') return undefined;
    if (key === 'content') return runOfContent(rest);
    if (key === 'tool_calls') return runOfCall(rest, isJsonObject(delta) ? delta : {});
    if (key === 'reasoning_details') return /^\[\d+\]\.(?:text|summary)$/.test(rest) ? { name: key } : undefined;
    if (key === 'thinking_blocks') return /^\[\d+\]\.thinking$/.test(rest) ? { name: key } : undefined;
    if (key === 'audio') return rest === '.transcript' ? { name: key } : undefined;
    if (key === 'function_call') return rest === '.arguments' ? { name: `${key}.arguments`, isJson: true } : undefined;
    // What stands right in the delta is a piece, whatever its key: refusals, reasoning by one of its names.
    return rest === '' ? { name: key } : undefined;
  },

  standsAlone: (path) => ALONE.test(path),

  sayWhole: (notice) => ({ message: { role: 'assistant', content: notice, refusal: null } }),

  sayPart: (part, own) => ({ delta: { ...pick(deltaOf(own), ['role']), ...deltaFor(part, deltaOf(own)) } }),

  // `delta` is always present: clients read through it without a check. The end may stand for the event that was to
  // name the role, without which clients take a message for broken.
  sayNothing: (own) => ({ delta: pick(deltaOf(own), ['role']) }),
};

/** OpenAI chat completions, as OpenAI, Azure, DeepSeek, vLLM and most compatible backends speak it. */
export const openaiChat: Adapter = createChoiceAdapter(CHAT);

function runOfContent(rest: string): ChoiceRun | undefined {
  if (PART.test(rest)) return { name: 'content' };
  // Mistral nests parts in parts.
  if (/\.thinking\b/.test(rest)) return { name: 'thinking' };
  return /\.content\b/.test(rest) ? { name: 'content' } : undefined;
}

function runOfCall(rest: string, delta: JsonObject): ChoiceRun | undefined {
  const [, position = '', kind, key] = CALL.exec(rest) ?? [];
  if (position === '') return undefined;
  const call = asArray(delta['tool_calls'])[Number(position)];
  const index = isJsonObject(call) && typeof call['index'] === 'number' ? call['index'] : Number(position);
  const isJson = kind === 'function' && key === 'arguments';
  return isJson ? { name: `tool_calls[${index}].arguments`, isJson } : { name: `custom_tool_calls[${index}]` };
}

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
    const said = kind === 'function' ? { arguments: text } : { input: text };
    return { tool_calls: [{ index, ...pick(call, ['id', 'type']), [kind]: { ...named, ...said } }] };
  }
  if (key === 'function_call') return { function_call: { arguments: text } };
  if (key === 'audio') return { audio: { transcript: text } };
  if (key === 'reasoning_details') return { reasoning_details: [{ type: 'reasoning.text', text }] };
  if (key === 'thinking_blocks') return { thinking_blocks: [{ type: 'thinking', thinking: text }] };
  if (key === 'thinking') return { content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }] };
  return { [key]: text };
}
