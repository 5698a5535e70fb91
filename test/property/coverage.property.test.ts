import fc from 'fast-check';
import { ADAPTERS, listStrings, listUnread, readBodyTexts, readTextDataUrl } from '../../src/adapters/index.js';
import type { Direction } from '../../src/core/index.js';

/** Strings of every kind: prose, names, bytes, addresses, JSON source, texts in data URLs. */
const STRING = fc.oneof(
  fc.constantFrom('a zorgblat here', 'zorgblat', '你好', 'user', 'text', 'f-1', '', '42', '{"q":"a zorgblat"}', '{ }'),
  fc.constantFrom(
    'https://example.com/a',
    'data:image/png;base64,iVBORw0KGgoAAAD/',
    'data:text/plain;base64,YSB6b3JnYmxhdA==',
  ),
  fc.constantFrom('A'.repeat(300), 'iVBORw0KGgo=', 'data:,a%20zorgblat'),
  fc.string(),
);
/** Keys of many formats, beside some of none. */
const KEY = fc.oneof(
  fc.constantFrom(
    'content',
    'text',
    'type',
    'role',
    'name',
    'id',
    'url',
    'data',
    'input',
    'arguments',
    'function',
    'refusal',
  ),
  fc.constantFrom(
    'messages',
    'tools',
    'tool_calls',
    'image_url',
    'source',
    'media_type',
    'thinking',
    'signature',
    'system',
  ),
  fc.constantFrom(
    'prompt',
    'suffix',
    'choices',
    'message',
    'reasoning',
    'logprobs',
    'usage',
    'properties',
    'parameters',
    'format',
  ),
  fc.constantFrom(
    'instructions',
    'output',
    'response',
    'images',
    'context',
    'description',
    'metadata',
    'zorg',
    'Content',
    'a b',
    'a zorgblat here',
  ),
);
const VALUE = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    STRING,
    fc.constantFrom<unknown>(null, 1, true, [1, 2, 3]),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(KEY, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value as fc.Arbitrary<unknown>;
const OBJECT = fc.dictionary(KEY, VALUE, { maxKeys: 6, noNullPrototype: true });

/** Bodies around random ones that a format takes for its own, by the name of the format and by direction. */
const SHAPES: Readonly<Record<string, Partial<Record<Direction, (some: object) => unknown>>>> = {
  'openai-chat': {
    input: (some) => ({
      model: 'm',
      messages: [{ role: 'user', content: 'hi', ...some }, some],
      tools: [some],
      ...some,
    }),
    output: (some) => ({
      ...some,
      choices: [{ ...some, index: 0, message: { role: 'assistant', ...some, content: 'hi' } }],
    }),
  },
  'anthropic-messages': {
    input: (some) => ({
      model: 'm',
      system: 'hi',
      ...some,
      messages: [{ role: 'user', content: [some, { type: 'text', ...some }] }],
    }),
    output: (some) => ({ ...some, type: 'message', role: 'assistant', content: [{ type: 'text', text: 'hi' }, some] }),
  },
  'openai-responses': {
    input: (some) => ({ model: 'm', ...some, input: [{ role: 'user', content: [some, 'hi'] }, some], tools: [some] }),
    output: (some) => ({
      ...some,
      object: 'response',
      output: [some, { type: 'message', content: [{ type: 'output_text', text: 'hi', ...some }] }],
    }),
  },
  'openai-completions': {
    input: (some) => ({ model: 'm', ...some, prompt: 'hi' }),
    output: (some) => ({ ...some, object: 'text_completion', choices: [{ index: 0, ...some, text: 'hi' }] }),
  },
  'openai-embeddings': { input: (some) => ({ model: 'm', ...some, input: ['hi', 'ho'] }), output: (some) => some },
  'openai-images': { input: (some) => ({ ...some, prompt: 'hi' }), output: (some) => ({ data: [some] }) },
  'openai-speech': { input: (some) => ({ ...some, input: 'hi' }), output: (some) => some },
  rerank: {
    input: (some) => ({ ...some, query: 'hi', documents: ['a', some] }),
    output: (some) => ({ results: [some] }),
  },
  'ollama-chat': {
    input: (some) => ({
      model: 'm',
      ...some,
      messages: [{ role: 'user', ...some, content: 'hi' }, some],
      tools: [some],
    }),
    output: (some) => ({ ...some, message: { role: 'assistant', ...some, content: 'hi' }, done: true }),
  },
  'ollama-generate': {
    input: (some) => ({ model: 'm', ...some, prompt: 'hi' }),
    output: (some) => ({ ...some, response: 'hi', done: true }),
  },
  'ollama-embed': { input: (some) => ({ model: 'm', ...some, input: ['hi'] }), output: (some) => some },
};

/** Formats whose bodies are not read whole, by name and with the reason. */
const WITHOUT_BODIES: Readonly<Record<string, string>> = { 'anthropic-batch-results': 'a stream of lines' };

const cases = ADAPTERS.flatMap(({ adapter }) =>
  (['input', 'output'] as const).flatMap((direction) => {
    const shape = SHAPES[adapter.name]?.[direction];
    return shape === undefined ? [] : [[adapter.name, direction, { adapter, shape }] as const];
  }),
);

/** The word that all texts here are about, as it is and in base64. */
const MARKED = /zorgblat|YSB6b3JnYmxhdA/;
const NAME = /^[\x21-\x7e]*$/;

/** Every key of a value, but those among tokens, which are told to be unjudged as such. */
function listKeys(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    return [...(Array.isArray(value) ? [] : [key]), ...(key === 'logprobs' ? [] : listKeys(item))];
  });
}

it('there is a shape for the bodies of every format', () => {
  const missing = ADAPTERS.map(({ adapter }) => adapter.name).filter(
    (name) => SHAPES[name] === undefined && WITHOUT_BODIES[name] === undefined,
  );
  expect(missing).toEqual([]);
});

describe('every string of a body', () => {
  it.each(cases)('is judged, told to be unjudged, or a name: %s, %s', (_, direction, { adapter, shape }) => {
    fc.assert(
      fc.property(OBJECT, (some) => {
        const body = shape(some);
        const { fields, unscreened, write } = readBodyTexts(adapter, body, direction);
        // What is judged can be taken out, and then nothing of it is left anywhere.
        const left = write(fields.map(({ path }) => ({ path, text: '#' })));
        // Told ones by their text, for their place may have changed with a key above.
        const told = new Set(unscreened.map(({ field }) => field));
        const unjudged = new Set(listStrings(body).flatMap(({ path, text }) => (told.has(path) ? [text] : [])));
        const missed = listStrings(left)
          .filter(({ text }) => MARKED.test(text) && (!unjudged.has(text) || readTextDataUrl(text) !== undefined))
          .filter(({ text }) => !NAME.test(text.trim()) || text.startsWith('data:'));
        expect(missed).toEqual([]);
        expect(listKeys(left).filter((key) => MARKED.test(key) && !NAME.test(key))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it.each(cases)(
    'stays as it is where nothing is edited, and has one place: %s, %s',
    (_, direction, { adapter, shape }) => {
      fc.assert(
        fc.property(OBJECT, (some) => {
          const body = shape(some);
          const { fields, write } = readBodyTexts(adapter, body, direction);
          expect(write([])).toEqual(body);
          const paths = fields.map(({ path }) => path);
          expect(new Set(paths).size).toBe(paths.length);
        }),
        { numRuns: 200 },
      );
    },
  );
});

it('strings that no adapter reads are listed in their order, each once', () => {
  fc.assert(
    fc.property(VALUE, (value) => {
      const listed = listUnread(value, () => false).filter(({ value: text, kind }) => kind !== 'tokens' || text !== '');
      expect(listed.map(({ path }) => path)).toEqual(listStrings(value).map(({ path }) => path));
    }),
    { numRuns: 300 },
  );
});
