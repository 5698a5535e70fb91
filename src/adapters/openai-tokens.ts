import { asArray, isJsonObject } from './json.js';

/** Keys of a choice that tell its text once more, token by token: in the words of OpenAI, and of vLLM and llama.cpp. */
const TOKEN_KEYS = ['logprobs', 'token_ids', 'tokens'];

/** Takes what repeats the text of a choice token by token out of a body; returns whether there was anything. */
export function dropTokens(body: unknown, position: number | undefined): boolean {
  const choice = isJsonObject(body) && position !== undefined ? asArray(body['choices'])[position] : undefined;
  if (!isJsonObject(choice)) return false;
  const found = TOKEN_KEYS.filter((key) => choice[key] !== undefined && choice[key] !== null);
  // The official types say that the key of OpenAI is there.
  for (const key of found) choice[key] = null;
  return found.length > 0;
}
