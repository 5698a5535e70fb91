import type { FilteredPart } from '../../../src/adapters/index.js';
import { readFilteredParts } from '../../../src/adapters/openai-filtered.js';

const results = (filtered: boolean) => ({
  hate: { filtered: false, severity: 'safe' },
  violence: { filtered, severity: 'medium' },
});
const input = (field: string): FilteredPart => ({ direction: 'input', field });
const output = (field: string): FilteredPart => ({ direction: 'output', field });

describe('what the backend itself withheld', () => {
  it.each<[name: string, body: unknown, parts: FilteredPart[]]>([
    ['nothing', { choices: [{ index: 0, finish_reason: 'stop' }] }, []],
    ['an answer, by its end', { choices: [{ index: 1, finish_reason: 'content_filter' }] }, [output('choices[1]')]],
    ['a request, as an error', { error: { code: 'content_filter' } }, [input('error')]],
    [
      'a prompt, in a chunk without choices',
      { choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: results(true) }] },
      [input('prompts[0]')],
    ],
    [
      'a prompt, as it was told before',
      { choices: [], prompt_annotations: [{ content_filter_results: results(true) }] },
      [input('prompts[0]')],
    ],
    [
      'an answer, in a choice without a delta',
      {
        choices: [{ index: 0, finish_reason: null, content_filter_results: results(true), content_filter_offsets: {} }],
      },
      [output('choices[0]')],
    ],
    [
      'an answer, by its end and by its results, once',
      { choices: [{ index: 0, finish_reason: 'content_filter', content_filter_results: results(true) }] },
      [output('choices[0]')],
    ],
    [
      'nothing, where something was only noticed',
      { choices: [{ index: 0, content_filter_results: { jailbreak: { filtered: false, detected: true } } }] },
      [],
    ],
    ['nothing, in what is no body', ['x', { choices: 'x', prompt_filter_results: 5, error: 'x' }], []],
    ['nothing, in odd shapes', { choices: [null, 5], prompt_filter_results: [null], error: 'x' }, []],
  ])('%s', (_, body, parts) => {
    expect(readFilteredParts(body)).toEqual(parts);
  });
});
