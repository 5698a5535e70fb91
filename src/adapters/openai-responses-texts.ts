import type { Direction } from '../core/index.js';
import { asArray, isJsonObject } from './json.js';
import { OPENAI_TEXT_RULES } from './openai-text-rules.js';
import { readTextSlots, type TextSlot } from './text-slots.js';

/** Keys of a response that repeat what the request said, and was screened as such. */
export const ECHO_KEYS: ReadonlySet<string> = new Set(
  ['instructions', 'tools', 'tool_choice', 'text', 'metadata', 'prompt', 'reasoning', 'model', 'id', 'object'].concat([
    'moderation',
    'prompt_cache_options',
    'conversation',
    'background',
    'status',
  ]),
);

/** Returns every text of a request, or of a whole response; none for a body that is no response. Never throws. */
export function readResponsesSlots(body: unknown, direction: Direction): TextSlot[] {
  if (!isJsonObject(body)) return [];
  if (direction === 'input') return readTextSlots(body, { rules: OPENAI_TEXT_RULES });
  if (!Array.isArray(body['output'])) return [];
  return readTextSlots(body, { rules: OPENAI_TEXT_RULES, without: ECHO_KEYS });
}

/** Drops the log probabilities beside a text that was changed: they repeat it token by token. */
export function dropLogprobs({ holder }: Pick<TextSlot, 'holder'>): void {
  if (isJsonObject(holder) && asArray(holder['logprobs']).length > 0) holder['logprobs'] = [];
}
