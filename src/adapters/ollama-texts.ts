import { isJsonObject, type JsonObject } from './json.js';
import { type TextPlace, type WalkOptions, walkTexts } from './walk-texts.js';

/** What tells a text token by token, or the whole conversation in tokens. */
const REPETITIONS = ['logprobs', 'context'];
/** Base64 of images and token arrays, in requests and replies alike. */
const OPAQUE = new Set(['images', 'image', 'context', 'logprobs']);
const WORDS = new Set(
  ['model', 'role', 'type', 'id', 'format', 'think', 'keep_alive', 'tool_call_id', 'created_at', 'done_reason'].concat([
    'remote_model',
    'remote_host',
  ]),
);
/** Arguments of tool calls and parameters of tools: a model names these keys, or reads them. */
const KEYED = new Set(['arguments', 'parameters']);
const OPTIONS: WalkOptions = { opaque: OPAQUE, words: WORDS, keyed: KEYED };

/** Paths of the texts that are streamed piece by piece; any other string of a line stands alone. */
const STREAMED = new Set(
  ['message.content', 'message.thinking', 'message.reasoning', 'message.reasoning_content'].concat([
    'response',
    'thinking',
    'reasoning',
  ]),
);

/** Returns every text of a request: messages, prompts, templates, tools, the schema of the answer, unknown keys. */
export function readOllamaRequest(body: unknown): TextPlace[] {
  return isJsonObject(body) ? walkTexts(body, OPTIONS) : [];
}

/** Returns every text of a whole answer, or of one line of a stream; none for a value that is no answer. */
export function readOllamaAnswer(body: unknown): TextPlace[] {
  return isOllamaAnswer(body) ? walkTexts(body, OPTIONS) : [];
}

/** Whether a text continues the one at the same path of the line before. */
export function isStreamedPath(path: string): boolean {
  return STREAMED.has(path);
}

/** Takes the token arrays that tell the text of an answer once more out of it; returns whether there were any. */
export function dropRepetitions(answer: JsonObject): boolean {
  const found = REPETITIONS.filter((key) => Object.hasOwn(answer, key));
  for (const key of found) delete answer[key];
  return found.length > 0;
}

/** Whether a body is an answer, or a line of a streamed one. */
export function isOllamaAnswer(body: unknown): boolean {
  return isJsonObject(body) && (isJsonObject(body['message']) || typeof body['response'] === 'string');
}
