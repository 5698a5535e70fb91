import type { Direction, TextEdit, TextField } from '../core/index.js';
import type { SseEvent } from '../sse/index.js';
import type { Adapter, BlockedInput, BlockInfo, ChannelDelta, ErrorInfo } from './adapter.js';
import { asArray, isJsonObject, type JsonObject, parseJson } from './json.js';
import { encodeJsonSource } from './json-source.js';
import { readRequestSlots, readResponseSlots } from './openai-chat-slots.js';

const DONE = '[DONE]';
/** Top-level keys of a chunk or answer that identify it and carry no generated text. */
const ENVELOPE_KEYS = ['id', 'object', 'created', 'model', 'system_fingerprint', 'service_tier', 'provider'];
const TEXT_CHANNELS = ['content', 'reasoning_content', 'reasoning', 'reasoning_details', 'thinking', 'refusal'];
const OTHER_CHANNELS = ['function_call', 'audio'];
/** Tool calls per choice that a finish reason ends by name; `[DONE]` ends whatever is left. */
const NAMED_TOOL_CALLS = 64;
const CHANNEL = /^choices\[(\d+)\]\.(\w+)(?:\[(\d+)\])?$/;
const TRUE_WORDS = new Set<unknown>([true, 1, '1', 'true', 't', 'yes', 'y', 'on']);

/** OpenAI chat completions, as OpenAI, Azure, DeepSeek, vLLM and most compatible backends speak it. */
export const openaiChat: Adapter = {
  name: 'openai-chat',

  readTexts(body: unknown, direction: Direction): readonly TextField[] {
    return slotsOf(body, direction).map(({ path, role, text }) => ({
      path,
      ...(role === undefined ? {} : { role }),
      text,
    }));
  },

  writeTexts(body: unknown, edits: readonly TextEdit[]): unknown {
    const copy = structuredClone(body);
    if (edits.length === 0) return copy;
    const texts = new Map(edits.map((edit) => [edit.path, edit.text]));
    for (const slot of [...readRequestSlots(copy), ...readResponseSlots(copy, 'message')]) {
      const text = texts.get(slot.path);
      if (text === undefined) continue;
      slot.write(text);
      dropLogprobs(copy, slot.choice);
    }
    return copy;
  },

  wantsStream(body: unknown): boolean {
    // Some backends coerce "true" or 1; reading it as they do keeps the answer on the streaming path.
    const stream = isJsonObject(body) ? body['stream'] : undefined;
    return TRUE_WORDS.has(typeof stream === 'string' ? stream.trim().toLowerCase() : stream);
  },

  readDelta(event: SseEvent): readonly ChannelDelta[] {
    const texts = new Map<string, string>();
    for (const slot of readResponseSlots(parseData(event), 'delta')) {
      texts.set(slot.channel, (texts.get(slot.channel) ?? '') + slot.text);
    }
    return [...texts].map(([channel, text]) => ({ channel, text }));
  },

  writeDelta(event: SseEvent, replacements: ReadonlyMap<string, string>): SseEvent {
    const unchanged = openaiChat
      .readDelta(event)
      .every(({ channel, text }) => (replacements.get(channel) ?? text) === text);
    if (unchanged) return event;
    const chunk = parseData(event);
    const written = new Set<string>();
    for (const slot of readResponseSlots(chunk, 'delta')) {
      const text = replacements.get(slot.channel);
      if (text === undefined) continue;
      // Several parts of one channel were read as one text: the first takes all of it.
      slot.write(written.has(slot.channel) ? '' : text);
      written.add(slot.channel);
      dropLogprobs(chunk, slot.choice);
    }
    return { ...event, data: JSON.stringify(chunk) };
  },

  frameDelta(channel: string, text: string, template: SseEvent): SseEvent {
    const match = CHANNEL.exec(channel);
    const choice = Number(match?.[1] ?? 0);
    const delta = deltaFor({ key: match?.[2] ?? 'content', index: Number(match?.[3] ?? 0), text });
    return chunkEvent(template, [{ index: choice, delta, logprobs: null, finish_reason: null }]);
  },

  endsChannels(event: SseEvent): readonly string[] | 'all' | undefined {
    if (event.comment !== undefined) return undefined;
    if (event.data.trim() === DONE) return 'all';
    const chunk = parseData(event);
    if (!isJsonObject(chunk)) return undefined;
    if (chunk['error'] !== undefined && chunk['error'] !== null) return 'all';
    const names = asArray(chunk['choices']).flatMap((choice, position) =>
      isJsonObject(choice) && typeof choice['finish_reason'] === 'string'
        ? channelsOf(choiceIndex(choice, position))
        : [],
    );
    return names.length === 0 ? undefined : names;
  },

  frameBlocked(template: SseEvent | undefined): SseEvent[] {
    const chunk = template === undefined ? undefined : parseData(template);
    const choices = asArray(isJsonObject(chunk) ? chunk['choices'] : undefined).filter(isJsonObject);
    const indexes = choices.length === 0 ? [0] : choices.map(choiceIndex);
    // `delta` is always present: clients read through it without a check.
    const ends = [...new Set(indexes)].map((index) => ({
      index,
      delta: {},
      logprobs: null,
      finish_reason: 'content_filter',
    }));
    return [chunkEvent(template, ends), { data: DONE }];
  },

  blockedInput(info: BlockInfo): BlockedInput {
    return {
      status: 400,
      headers: { 'x-should-retry': 'false' },
      body: {
        error: {
          message: info.notice,
          type: 'invalid_request_error',
          param: 'messages',
          code: 'content_filter',
          moderation: moderationOf(info),
        },
      },
    };
  },

  blockedOutput(body: unknown, info: BlockInfo): unknown {
    const source: JsonObject = isJsonObject(body) ? body : {};
    const choices = asArray(source['choices']).filter(isJsonObject);
    const indexes = choices.length === 0 ? [0] : choices.map(choiceIndex);
    return {
      object: 'chat.completion',
      ...pick(source, ENVELOPE_KEYS),
      choices: indexes.map((index) => ({
        index,
        message: { role: 'assistant', content: info.notice, refusal: null },
        logprobs: null,
        finish_reason: 'content_filter',
      })),
      ...pick(source, ['usage']),
      moderation: moderationOf(info),
    };
  },

  errorBody(info: ErrorInfo): unknown {
    return { error: { message: info.message, type: info.type, param: null, code: info.code } };
  },
};

function slotsOf(body: unknown, direction: Direction) {
  return direction === 'input' ? readRequestSlots(body) : readResponseSlots(body, 'message');
}

function parseData(event: SseEvent): unknown {
  return event.data === '' || event.data === DONE ? undefined : parseJson(event.data);
}

function choiceIndex(choice: JsonObject, position: number): number {
  const index = choice['index'];
  return typeof index === 'number' ? index : position;
}

function channelsOf(index: number): string[] {
  const base = `choices[${index}]`;
  const tools = Array.from({ length: NAMED_TOOL_CALLS }, (_, tool) => [
    `${base}.tool_calls[${tool}]`,
    `${base}.custom_tool_calls[${tool}]`,
  ]).flat();
  return [...[...TEXT_CHANNELS, ...OTHER_CHANNELS].map((key) => `${base}.${key}`), ...tools];
}

function deltaFor({ key, index, text }: { key: string; index: number; text: string }): JsonObject {
  if (key === 'tool_calls') return { tool_calls: [{ index, function: { arguments: encodeJsonSource(text) } }] };
  if (key === 'custom_tool_calls') return { tool_calls: [{ index, custom: { input: text } }] };
  if (key === 'function_call') return { function_call: { arguments: encodeJsonSource(text) } };
  if (key === 'audio') return { audio: { transcript: text } };
  if (key === 'reasoning_details') return { reasoning_details: [{ type: 'reasoning.text', text }] };
  if (key === 'thinking') return { content: [{ type: 'thinking', thinking: [{ type: 'text', text }] }] };
  return { [key]: text };
}

function chunkEvent(template: SseEvent | undefined, choices: readonly JsonObject[]): SseEvent {
  const chunk = template === undefined ? undefined : parseData(template);
  const envelope = isJsonObject(chunk) ? pick(chunk, ENVELOPE_KEYS) : {};
  const base = { id: 'chatcmpl-sluice', object: 'chat.completion.chunk', created: 0, model: 'unknown' };
  // No event name: clients of this format treat named events differently.
  return { data: JSON.stringify({ ...base, ...envelope, choices }) };
}

function pick(source: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(source, key)).map((key) => [key, source[key]]));
}

/** Log probabilities repeat the text token by token, so they go once the text differs. */
function dropLogprobs(body: unknown, position: number | undefined): void {
  if (position === undefined || !isJsonObject(body)) return;
  const choice = asArray(body['choices'])[position];
  if (isJsonObject(choice) && choice['logprobs'] !== undefined) choice['logprobs'] = null;
}

function moderationOf(info: BlockInfo): JsonObject {
  return { blocked: true, category: info.category ?? null, hit_id: info.hitId };
}
