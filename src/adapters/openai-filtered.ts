import type { FilteredPart } from './adapter.js';
import { asArray, isJsonObject } from './json.js';
import { answerAt, FILTERED } from './openai-choice-frames.js';

/**
 * Returns what a body or chunk says that the backend itself withheld: by the reason that an answer ended for, or in the
 * filter results of Azure, which also come in chunks without choices and in choices without a delta. Never throws.
 */
export function readFilteredParts(body: unknown): readonly FilteredPart[] {
  if (!isJsonObject(body)) return [];
  const error = body['error'];
  const refused = isJsonObject(error) && error['code'] === FILTERED ? [input('error')] : [];
  const prompts = [...asArray(body['prompt_filter_results']), ...asArray(body['prompt_annotations'])];
  const stopped = prompts.flatMap((prompt, position) =>
    isJsonObject(prompt) && hasFiltered(prompt['content_filter_results']) ? [input(`prompts[${position}]`)] : [],
  );
  const cut = asArray(body['choices']).flatMap((choice, position): FilteredPart[] => {
    if (!isJsonObject(choice)) return [];
    const filtered = choice['finish_reason'] === FILTERED || hasFiltered(choice['content_filter_results']);
    return filtered ? [{ direction: 'output', field: answerAt(choice, position) }] : [];
  });
  return [...refused, ...stopped, ...cut];
}

function input(field: string): FilteredPart {
  return { direction: 'input', field };
}

/** Whether a category, or an item of a list of words, was held back; one that was only noticed does not count. */
function hasFiltered(results: unknown): boolean {
  return (
    isJsonObject(results) &&
    Object.values(results).some((result) => isJsonObject(result) && result['filtered'] === true)
  );
}
