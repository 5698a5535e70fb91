import { asArray, isJsonObject, type JsonObject, joinPath } from './json.js';
import { decodeJsonSource, encodeJsonSource } from './json-source.js';

/** One place in a body that holds text, found once and used for reading and for writing alike. */
export interface TextSlot {
  readonly path: string;
  readonly role?: string;
  readonly text: string;
  /** The text as it stands in the body, where that is JSON source. */
  readonly source?: string;
  /** Channel of a stream; several slots of one event may share it. */
  readonly channel: string;
  /** Position in `choices`, for answers. */
  readonly choice?: number;
  /** Replaces the text in the body that was searched. */
  readonly write: (text: string) => void;
}

interface Place {
  readonly path: string;
  readonly channel: string;
  readonly role?: string;
  readonly choice?: number;
  /** Whether the text is JSON source, in which characters can be escaped. */
  readonly encoded?: boolean;
}

/** Keys of a message or delta that hold a plain string. */
const STRING_KEYS = ['refusal', 'reasoning_content', 'reasoning'];
/** Keys of a content part that hold its text, whatever its declared type: a backend may read them all. */
const PART_KEYS = ['text', 'refusal', 'reasoning', 'reasoning_content'];
/** Keys of a content part that hold further parts. */
const NESTED_PART_KEYS = ['content', 'thinking'];
/** Keys of a tool or of its JSON schema that hold free text. */
const SCHEMA_KEYS = ['name', 'title', 'description', 'default', 'const'];

/** Keys whose value is no text as long as it is one word: names, references, bytes. */
const WORD_KEYS = new Set(
  ['model', 'role', 'type', 'object', 'id', 'tool_call_id', 'finish_reason', 'system_fingerprint', 'provider'].concat(
    ['user', 'safety_identifier', 'prompt_cache_key', 'service_tier', 'reasoning_effort', 'verbosity', 'tool_choice'],
    ['url', 'data', 'file_data', 'file_id', 'format', 'detail', 'voice', 'signature', 'encrypted_content'],
  ),
);
/** Keys below which there is no text of its own. */
const NO_TEXT_KEYS = new Set(['logprobs', 'usage']);
const ONE_WORD = /^[\x21-\x7e]*$/;

/**
 * Returns every text of a chat request: first those whose place is known (messages of every role, tools, functions,
 * prediction, response format), then every other string, for a backend may read keys that nobody here knows.
 */
export function readRequestSlots(body: unknown): TextSlot[] {
  const slots = readKnownRequestSlots(body);
  return [...slots, ...readRest(body, slots)];
}

/** Returns every text of a whole answer, those of unknown places last; none for a body that is no answer. */
export function readAnswerSlots(body: unknown): TextSlot[] {
  const slots = readResponseSlots(body, 'message');
  return slots.length === 0 ? slots : [...slots, ...readRest(body, slots)];
}

/** Returns every text of a request or answer, for writing: each path once. */
export function readAllSlots(body: unknown): TextSlot[] {
  const slots = [...readKnownRequestSlots(body), ...readResponseSlots(body, 'message')];
  return [...slots, ...readRest(body, slots)];
}

function readKnownRequestSlots(body: unknown): TextSlot[] {
  const slots: TextSlot[] = [];
  if (!isJsonObject(body)) return slots;
  asArray(body['messages']).forEach((message, index) => {
    if (!isJsonObject(message)) return;
    const path = `messages[${index}]`;
    const role = message['role'];
    readMessage(message, { path, channel: path, ...(typeof role === 'string' ? { role } : {}) }, slots);
  });
  for (const key of ['tools', 'functions']) readSchema(body[key], { path: key, channel: key }, slots);
  const prediction = body['prediction'];
  if (isJsonObject(prediction)) {
    readContent(prediction, 'content', { path: 'prediction', channel: 'prediction' }, slots);
  }
  readSchema(body['response_format'], { path: 'response_format', channel: 'response_format' }, slots);
  return slots;
}

/** Returns the texts in the known places of an answer (`message`) or of one chunk of a stream (`delta`). */
export function readResponseSlots(body: unknown, kind: 'message' | 'delta'): TextSlot[] {
  const slots: TextSlot[] = [];
  if (!isJsonObject(body)) return slots;
  asArray(body['choices']).forEach((choice, position) => {
    if (!isJsonObject(choice)) return;
    const given = choice['index'];
    const index = Number.isSafeInteger(given) && Number(given) >= 0 ? Number(given) : position;
    const channel = `choices[${index}]`;
    const message = choice[kind];
    if (!isJsonObject(message)) return;
    const role = kind === 'message' ? message['role'] : undefined;
    const place = { path: `choices[${position}].${kind}`, channel, choice: position };
    readMessage(message, { ...place, ...(typeof role === 'string' ? { role } : {}) }, slots, kind === 'delta');
  });
  return slots;
}

function readMessage(message: JsonObject, place: Place, slots: TextSlot[], streamed = false): void {
  readContent(message, 'content', place, slots);
  for (const key of STRING_KEYS) readString(message, key, place, slots);
  asArray(message['reasoning_details']).forEach((detail, index) => {
    if (!isJsonObject(detail)) return;
    const at = { ...place, path: `${place.path}.reasoning_details[${index}]` };
    for (const key of ['text', 'summary']) readString(detail, key, at, slots, `${place.channel}.reasoning_details`);
  });
  asArray(message['tool_calls']).forEach((call, position) => {
    if (!isJsonObject(call)) return;
    const index = typeof call['index'] === 'number' ? call['index'] : position;
    const channel = `${place.channel}.tool_calls[${index}]`;
    const custom = `${place.channel}.custom_tool_calls[${index}]`;
    const path = `${place.path}.tool_calls[${position}]`;
    readCall(call['function'], { ...place, path: `${path}.function`, channel }, slots, streamed);
    readCall(call['custom'], { ...place, path: `${path}.custom`, channel: custom }, slots, streamed);
  });
  const call = { ...place, path: `${place.path}.function_call`, channel: `${place.channel}.function_call` };
  readCall(message['function_call'], call, slots, streamed);
  const audio = message['audio'];
  if (isJsonObject(audio)) {
    readString(audio, 'transcript', { ...place, path: `${place.path}.audio` }, slots, `${place.channel}.audio`);
  }
}

function readCall(call: unknown, place: Place, slots: TextSlot[], streamed: boolean): void {
  if (!isJsonObject(call)) return;
  // A streamed name is one of the tools that the request listed; held back, it would break clients that expect it first.
  if (!streamed) readString(call, 'name', place, slots, `${place.channel}.name`);
  readString(call, 'arguments', { ...place, encoded: true }, slots, place.channel);
  readString(call, 'input', place, slots, place.channel);
}

function readContent(holder: JsonObject, key: string, place: Place, slots: TextSlot[]): void {
  const content = holder[key];
  const path = `${place.path}.${key}`;
  const channel = `${place.channel}.${key}`;
  readString(holder, key, place, slots);
  if (isJsonObject(content)) readPart(content, { ...place, path, channel }, slots);
  if (!Array.isArray(content)) return;
  content.forEach((part: unknown, index) => {
    const at = { ...place, path: `${path}[${index}]`, channel };
    if (isJsonObject(part)) readPart(part, at, slots);
    else if (typeof part === 'string') slots.push(itemSlot(content, index, at));
  });
}

function readPart(part: JsonObject, place: Place, slots: TextSlot[]): void {
  for (const key of PART_KEYS) readString(part, key, place, slots, place.channel);
  for (const key of NESTED_PART_KEYS) {
    const outer = place.channel.replace(/\.\w+$/, '');
    readContent(part, key, { ...place, channel: outer }, slots);
  }
}

/** Names, descriptions and listed values reach the model, at any depth of a parameter schema. */
function readSchema(value: unknown, place: Place, slots: TextSlot[]): void {
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      const at = { ...place, path: `${place.path}[${index}]` };
      if (typeof item === 'string') slots.push(itemSlot(value, index, at));
      else readSchema(item, at, slots);
    });
  } else if (isJsonObject(value)) {
    for (const key of SCHEMA_KEYS) readString(value, key, place, slots);
    for (const [key, child] of Object.entries(value)) {
      readSchema(child, { ...place, path: joinPath(place.path, key) }, slots);
    }
  }
}

function readRest(body: unknown, known: readonly TextSlot[]): TextSlot[] {
  const slots: TextSlot[] = [];
  const taken = new Set(known.map(({ path }) => path));
  const visit = (value: unknown, path: string, write: (text: string) => void): void => {
    if (typeof value === 'string') {
      if (!taken.has(path)) slots.push({ path, channel: path, text: value, write });
    } else if (Array.isArray(value)) {
      value.forEach((item: unknown, index) => {
        visit(item, `${path}[${index}]`, (text) => {
          value[index] = text;
        });
      });
    } else if (isJsonObject(value)) {
      for (const [key, child] of Object.entries(value)) {
        if (NO_TEXT_KEYS.has(key) || (WORD_KEYS.has(key) && isWord(child))) continue;
        visit(child, joinPath(path, key), (text) => {
          value[key] = text;
        });
      }
    }
  };
  visit(body, '', () => undefined);
  return slots;
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && ONE_WORD.test(value);
}

function itemSlot(list: unknown[], index: number, place: Place): TextSlot {
  return slotFor(place, String(list[index]), (text) => {
    list[index] = text;
  });
}

function readString(holder: JsonObject, key: string, place: Place, slots: TextSlot[], channel?: string): void {
  const text = holder[key];
  if (typeof text !== 'string') return;
  const at = { ...place, path: `${place.path}.${key}`, channel: channel ?? `${place.channel}.${key}` };
  slots.push(
    slotFor(at, text, (replacement) => {
      holder[key] = replacement;
    }),
  );
}

function slotFor(place: Place, source: string, write: (text: string) => void): TextSlot {
  const { encoded, ...rest } = place;
  if (encoded !== true) return { ...rest, text: source, write };
  return { ...rest, text: decodeJsonSource(source), source, write: (text) => write(encodeJsonSource(text)) };
}
