import type { Direction } from '../core/index.js';
import { asArray, isJsonObject } from './json.js';
import { OPENAI_TEXT_RULES } from './openai-text-rules.js';
import { readTextSlots, type TextSlot } from './text-slots.js';

const ECHO = /^(?:instructions|tools|tool_choice|text|metadata|prompt|reasoning)\b/;

/** Whether a text at this path of a response repeats what the request said. Never throws. */
export function isEcho(path: string): boolean {
  return ECHO.test(path);
}

/** Returns every text of a request, or of a whole response; none for a body that is no response. Never throws. */
export function readResponsesSlots(body: unknown, direction: Direction): TextSlot[] {
  if (!isJsonObject(body)) return [];
  if (direction === 'output' && !Array.isArray(body['output'])) return [];
  return readTextSlots(body, { rules: OPENAI_TEXT_RULES });
}

/** Drops the log probabilities beside a text that was changed: they repeat it token by token. */
export function dropLogprobs({ holder }: Pick<TextSlot, 'holder'>): void {
  if (isJsonObject(holder) && asArray(holder['logprobs']).length > 0) holder['logprobs'] = [];
}
