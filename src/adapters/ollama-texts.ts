import { isJsonObject, type JsonObject } from './json.js';
import { readTextSlots, SCHEMA_NAME_KEYS, type TextRules, type TextSlot } from './text-slots.js';

/** What tells a text token by token, or the whole conversation in tokens. */
const REPETITIONS = ['logprobs', 'context'];
const RULES: TextRules = {
  words: new Set([
    ...['model', 'role', 'type', 'id', 'format', 'think', 'keep_alive', 'tool_call_id', 'created_at', 'done_reason'],
    ...['remote_model', 'remote_host'],
  ]),
  // Images are in base64.
  textless: new Set([...REPETITIONS, 'images', 'image']),
  named: SCHEMA_NAME_KEYS,
  // An object here, where others have JSON source.
  values: new Set(['arguments']),
};

/** Paths of the texts that are streamed piece by piece; any other string of a line stands alone. */
const STREAMED = new Set([
  ...['message.content', 'message.thinking', 'message.reasoning', 'message.reasoning_content'],
  ...['response', 'thinking', 'reasoning'],
]);

/** Returns every text of a body: messages, prompts, templates, tools, the schema of the answer, unknown keys. */
export function readOllamaTexts(body: unknown): TextSlot[] {
  return isJsonObject(body) ? readTextSlots(body, { rules: RULES }) : [];
}

/** Returns every text of one line of a stream, those that go on in the next line as the pieces that they are. */
export function readOllamaLine(line: JsonObject): TextSlot[] {
  return readTextSlots(line, { rules: RULES, inPieces: true });
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

/** Whether a body is an answer, or a line of a streamed one. Never throws. */
export function isOllamaAnswer(body: unknown): boolean {
  return isJsonObject(body) && (isJsonObject(body['message']) || typeof body['response'] === 'string');
}
