import type { Direction, TextEdit, TextField } from '../core/index.js';
import type { SseEvent } from '../sse/index.js';
import type {
  Adapter,
  BlockedInput,
  BlockInfo,
  ChannelDelta,
  ErrorInfo,
  FilteredPart,
  ModerationNote,
  StreamRequest,
} from './adapter.js';
import { asArray, isJsonObject, type JsonObject, parseJson } from './json.js';
import { encodeJsonSource } from './json-source.js';
import { readAllSlots, readAnswerSlots, readRequestSlots, readResponseSlots } from './openai-chat-slots.js';

const DONE = '[DONE]';
/** What the format calls content that was withheld. */
const FILTERED = 'content_filter';
/** Top-level keys of a chunk or answer that identify it and carry no generated text. */
const ENVELOPE_KEYS = ['id', 'object', 'created', 'model', 'system_fingerprint', 'service_tier', 'provider'];
const CHANNEL = /^choices\[(\d+)\]\.(\w+)(?:\[(\d+)\])?$/;
const ANSWER = /^choices\[\d+\]/;
/** Largest `n` that is believed; a backend refuses more. */
const MAX_ANSWERS = 128;
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
    for (const slot of readAllSlots(copy)) {
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

  readStreamRequest(body: unknown): StreamRequest {
    const request: JsonObject = isJsonObject(body) ? body : {};
    const n = request['n'];
    const options = request['stream_options'];
    return {
      answers: typeof n === 'number' && n >= 1 ? Math.min(Math.floor(n), MAX_ANSWERS) : 1,
      usage: isJsonObject(options) && options['include_usage'] === true,
    };
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
    const own = deltaOf(template, choice);
    const delta = deltaFor({ key: match?.[2] ?? 'content', index: Number(match?.[3] ?? 0), text, own });
    return chunkEvent(template, [
      { index: choice, delta: { ...pick(own, ['role']), ...delta }, logprobs: null, finish_reason: null },
    ]);
  },

  endsChannels(event: SseEvent): readonly string[] | 'all' | undefined {
    if (event.comment !== undefined) return undefined;
    if (event.data.trim() === DONE) return 'all';
    const chunk = parseData(event);
    if (!isJsonObject(chunk)) return undefined;
    if (chunk['error'] !== undefined && chunk['error'] !== null) return 'all';
    const names = asArray(chunk['choices']).flatMap((choice, position) =>
      isJsonObject(choice) && isFinish(choice['finish_reason']) ? [answerAt(choice, position)] : [],
    );
    return names.length === 0 ? undefined : names;
  },

  answerOf(channel: string): string {
    return ANSWER.exec(channel)?.[0] ?? 'choices[0]';
  },

  answersIn(event: SseEvent): readonly string[] {
    const chunk = parseData(event);
    return asArray(isJsonObject(chunk) ? chunk['choices'] : undefined).flatMap((choice, position) =>
      isJsonObject(choice) ? [answerAt(choice, position)] : [],
    );
  },

  dropAnswers(event: SseEvent, answers: ReadonlySet<string>): SseEvent | undefined {
    const dropped = openaiChat.answersIn(event).filter((answer) => answers.has(answer));
    if (dropped.length === 0) return event;
    const chunk = parseData(event);
    if (!isJsonObject(chunk)) return event;
    const choices = asArray(chunk['choices']).filter(
      (choice, position) => !isJsonObject(choice) || !answers.has(answerAt(choice, position)),
    );
    if (choices.length === 0 && !openaiChat.carriesUsage(event)) return undefined;
    return { ...event, data: JSON.stringify({ ...chunk, choices }) };
  },

  carriesUsage(event: SseEvent): boolean {
    const chunk = parseData(event);
    return isJsonObject(chunk) && isJsonObject(chunk['usage']);
  },

  annotate(event: SseEvent, { action, categories, hitId }: ModerationNote): SseEvent {
    const chunk = parseData(event);
    if (!isJsonObject(chunk)) return event;
    const moderation = { blocked: false, action, categories, hit_id: hitId };
    return { ...event, data: JSON.stringify({ ...chunk, moderation }) };
  },

  frameBlocked(answers: readonly string[], info: BlockInfo, template: SseEvent | undefined): SseEvent[] {
    // `delta` is always present: clients read through it without a check.
    const choices = answers.map((answer) => {
      const index = Number(/\d+/.exec(answer)?.[0] ?? 0);
      // The end may stand for the event that was to name the role, without which clients take a message for broken.
      const delta = pick(deltaOf(template, index), ['role']);
      return { index, delta, logprobs: null, finish_reason: FILTERED };
    });
    return [chunkEvent(template, choices, { moderation: { ...moderationOf(info), notice: info.notice } })];
  },

  frameEnd(usage: SseEvent | undefined): SseEvent[] {
    const chunk = usage === undefined ? undefined : parseData(usage);
    const told = isJsonObject(chunk) ? [chunkEvent(usage, [], { usage: chunk['usage'] })] : [];
    return [...told, { data: DONE }];
  },

  frameError(info: ErrorInfo): SseEvent[] {
    return [{ data: JSON.stringify(openaiChat.errorBody(info)) }];
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
          code: FILTERED,
          moderation: moderationOf(info),
        },
      },
    };
  },

  blockedOutput(body: unknown, info: BlockInfo, answers?: ReadonlySet<string>): unknown {
    const source: JsonObject = isJsonObject(body) ? body : {};
    const choices = asArray(source['choices']);
    const found = choices.length === 0 ? [{ index: 0 }] : choices;
    return {
      object: 'chat.completion',
      ...pick(source, ENVELOPE_KEYS),
      choices: found.map((choice, position) =>
        answers !== undefined && isJsonObject(choice) && !answers.has(`choices[${position}]`)
          ? choice
          : {
              index: isJsonObject(choice) ? choiceIndex(choice, position) : position,
              message: { role: 'assistant', content: info.notice, refusal: null },
              logprobs: null,
              finish_reason: FILTERED,
            },
      ),
      ...pick(source, ['usage']),
      moderation: moderationOf(info),
    };
  },

  filteredParts(body: unknown): readonly FilteredPart[] {
    if (!isJsonObject(body)) return [];
    const error = body['error'];
    const refused = isJsonObject(error) && error['code'] === FILTERED;
    const cut = asArray(body['choices']).flatMap((choice, position) =>
      isJsonObject(choice) && choice['finish_reason'] === FILTERED ? [answerAt(choice, position)] : [],
    );
    return [
      ...(refused ? [{ direction: 'input', field: 'error' } as const] : []),
      ...cut.map((field) => ({ direction: 'output', field }) as const),
    ];
  },

  errorBody(info: ErrorInfo): unknown {
    return { error: { message: info.message, type: info.type, param: null, code: info.code } };
  },
};

function slotsOf(body: unknown, direction: Direction) {
  return direction === 'input' ? readRequestSlots(body) : readAnswerSlots(body);
}

function parseData(event: SseEvent): unknown {
  return event.data === '' || event.data === DONE ? undefined : parseJson(event.data);
}

function choiceIndex(choice: JsonObject, position: number): number {
  const index = choice['index'];
  return Number.isSafeInteger(index) && Number(index) >= 0 ? Number(index) : position;
}

/** Some backends say `""` or `"null"` on every chunk but the last. */
function isFinish(reason: unknown): boolean {
  return typeof reason === 'string' && reason !== '' && reason !== 'null';
}

function answerAt(choice: JsonObject, position: number): string {
  return `choices[${choiceIndex(choice, position)}]`;
}

/** The delta that an event holds for a choice; empty without one. */
function deltaOf(event: SseEvent | undefined, index: number): JsonObject {
  const chunk = event === undefined ? undefined : parseData(event);
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

function chunkEvent(template: SseEvent | undefined, choices: readonly JsonObject[], extra: JsonObject = {}): SseEvent {
  const chunk = template === undefined ? undefined : parseData(template);
  const envelope = isJsonObject(chunk) ? pick(chunk, ENVELOPE_KEYS) : {};
  const base = { id: 'chatcmpl-sluice', object: 'chat.completion.chunk', created: 0, model: 'unknown' };
  // No event name: clients of this format treat named events differently.
  return { data: JSON.stringify({ ...base, ...envelope, choices, ...extra }) };
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
