import type { TextField } from '../core/index.js';
import { isJsonObject, type JsonObject } from './json.js';

/** Keys of a content part that the model writes on in. */
const TEXT_KEYS = ['text', 'content'];
/** How paths and channels end that hold what a model says first of all. */
const CONTINUES = /(?:^|[.\]])(?:content|text|response)$/;

/**
 * Returns the text of a request that the answer may go on from within a word: a last message that the assistant is said to
 * have begun, or the prompt of a completion. `undefined` when there is none. Never throws.
 */
export function readPrefill(body: unknown): TextField | undefined {
  if (!isJsonObject(body)) return undefined;
  const { messages, prompt } = body;
  if (!Array.isArray(messages)) return fieldOf(prompt, 'prompt');
  const last: unknown = messages.at(-1);
  if (!isJsonObject(last) || last['role'] !== 'assistant') return undefined;
  return lastText(last, `messages[${messages.length - 1}]`);
}

/** Whether a channel, or the path of a text in a whole answer, may go on from what `readPrefill` returns. Never throws. */
export function mayContinue(path: string): boolean {
  return CONTINUES.test(path);
}

function lastText(holder: JsonObject, path: string): TextField | undefined {
  for (const key of TEXT_KEYS) {
    const value = holder[key];
    const at = `${path}.${key}`;
    if (!Array.isArray(value)) {
      const field = fieldOf(value, at);
      if (field !== undefined) return field;
      continue;
    }
    const part: unknown = value.at(-1);
    const inside = `${at}[${value.length - 1}]`;
    return isJsonObject(part) ? lastText(part, inside) : fieldOf(part, inside);
  }
  return undefined;
}

function fieldOf(value: unknown, path: string): TextField | undefined {
  return typeof value === 'string' && value !== '' ? { path, text: value } : undefined;
}
