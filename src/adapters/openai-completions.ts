import type { Adapter, ShapedRequest } from './adapter.js';
import { asArray, foldedValues, type JsonObject } from './json.js';
import { createChoiceAdapter } from './openai-choice-adapter.js';
import type { ChoiceDialect } from './openai-dialect.js';
import type { TextRules } from './text-slots.js';

const RULES: TextRules = {
  words: new Set([
    ...['model', 'object', 'id', 'finish_reason', 'stop_reason', 'system_fingerprint', 'provider', 'user'],
    ...['service_tier'],
  ]),
  // Token arrays and what goes with them; numbers are no text that anybody can read.
  textless: new Set(['logprobs', 'usage', 'logit_bias', 'token_ids', 'prompt_logprobs']),
};

/** Keys of a choice that are streamed piece by piece. */
const STREAMED_KEYS = new Set(['text', 'reasoning', 'reasoning_content']);

const COMPLETIONS: ChoiceDialect = {
  name: 'openai-completions',
  inputKey: 'prompt',
  objects: { answer: 'text_completion', chunk: 'text_completion' },
  idPrefix: 'cmpl',
  noticeKey: 'text',
  rules: RULES,
  isAnswer: (choice) => [...STREAMED_KEYS].some((key) => typeof choice[key] === 'string'),
  runOf: (path) => (STREAMED_KEYS.has(path) ? { name: path } : undefined),
  standsAlone: (path) => /^content_filter_results?\b/.test(path),

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
