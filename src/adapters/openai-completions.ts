import type { Adapter, ShapedRequest } from './adapter.js';
import { asArray, foldedValues, isJsonObject, type JsonObject } from './json.js';
import type { TextSlot } from './openai-chat-slots.js';
import { createChoiceAdapter } from './openai-choice-adapter.js';
import { choiceIndex } from './openai-choice-frames.js';
import type { ChoiceDialect } from './openai-dialect.js';
import { readTextSlots, type TextRules } from './text-slots.js';

const RULES: TextRules = {
  words: new Set([
    ...['model', 'object', 'id', 'finish_reason', 'stop_reason', 'system_fingerprint', 'provider', 'user'],
    ...['service_tier'],
  ]),
  // Token arrays and what goes with them; numbers are no text that anybody can read.
  textless: new Set(['logprobs', 'usage', 'logit_bias', 'token_ids', 'prompt_logprobs']),
};

const COMPLETIONS: ChoiceDialect = {
  name: 'openai-completions',
  inputKey: 'prompt',
  objects: { answer: 'text_completion', chunk: 'text_completion' },
  idPrefix: 'cmpl',
  noticeKey: 'text',
  readRequestSlots: (body) => readSlots(body),
  readAnswerSlots: (body) => (readChunkSlots(body).length === 0 ? [] : readSlots(body)),
  readAllSlots: readSlots,
  readChunkSlots,

  recognizes({ body }: ShapedRequest): boolean {
    const named = foldedValues(body, 'model').some((model) => typeof model === 'string');
    return named && foldedValues(body, 'prompt').some((prompt) => typeof prompt === 'string' || Array.isArray(prompt));
  },

  countPrompts({ prompt }: JsonObject): number {
    const prompts = asArray(prompt);
    // One list of numbers is one prompt in tokens.
    return prompts.some((each) => typeof each === 'string' || Array.isArray(each)) ? prompts.length : 1;
  },

  sayWhole: (notice) => ({ text: notice }),
  sayPart: ({ key, text }) => ({ text: '', [key]: text }),
  sayNothing: () => ({ text: '' }),
};

/** Legacy completions of OpenAI, also to fill in the middle, as DeepSeek (`/beta/completions`), vLLM and others speak them. */
export const openaiCompletions: Adapter = createChoiceAdapter(COMPLETIONS);

/** Keys of a choice that are streamed piece by piece. */
const STREAMED_KEYS = ['text', 'reasoning', 'reasoning_content'];

function readChunkSlots(chunk: unknown): TextSlot[] {
  return asArray(isJsonObject(chunk) ? chunk['choices'] : undefined).flatMap((choice, position) => {
    if (!isJsonObject(choice)) return [];
    return STREAMED_KEYS.flatMap((key): TextSlot[] => {
      const text = choice[key];
      if (typeof text !== 'string') return [];
      const channel = `choices[${choiceIndex(choice, position)}].${key}`;
      const write = (left: string): void => {
        choice[key] = left;
      };
      return [{ path: `choices[${position}].${key}`, channel, choice: position, text, write }];
    });
  });
}

/** Every string may reach the model or the client, so every string is text. */
function readSlots(body: unknown): TextSlot[] {
  if (!isJsonObject(body)) return [];
  return readTextSlots(body, { rules: RULES }).map((slot) => {
    const position = /^choices\[(\d+)\]/.exec(slot.path)?.[1];
    return { ...slot, channel: slot.path, ...(position === undefined ? {} : { choice: Number(position) }) };
  });
}
