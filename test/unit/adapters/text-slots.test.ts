import fc from 'fast-check';
import { readTextSlots, type TextRules } from '../../../src/adapters/text-slots.js';

const RULES: TextRules = {
  words: new Set(['id', 'url', 'role']),
  textless: new Set(['usage', 'logprobs']),
  json: new Set(['arguments']),
  values: new Set(['arguments']),
  named: new Set(['properties']),
  bytes: new Map([['image', 'result']]),
};

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(readTextSlots(value, { rules: RULES }).map(({ path, text }) => [path, text]));
}

/** The value with every text put between `<` and `>`. */
function marked(value: unknown): unknown {
  const copy = structuredClone(value);
  for (const { text, write } of readTextSlots(copy, { rules: RULES })) write(`<${text}>`);
  return copy;
}

describe('readTextSlots', () => {
  it.each<[name: string, value: unknown, found: object, written: unknown]>([
    ['strings at any depth', { a: ['x', { b: 'y' }] }, { 'a[0]': 'x', 'a[1].b': 'y' }, { a: ['<x>', { b: '<y>' }] }],
    ['a word under a word key', { id: 'x_1', url: 'https://a' }, {}, { id: 'x_1', url: 'https://a' }],
    ['a sentence under a word key', { id: 'not a word' }, { id: 'not a word' }, { id: '<not a word>' }],
    [
      'words below what holds numbers, and what is no word there',
      { usage: { note: 'x', notes: ['a b', 1] } },
      { 'usage.notes[0]': 'a b' },
      { usage: { note: 'x', notes: ['<a b>', 1] } },
    ],
    ['tokens', { logprobs: [{ token: ' a' }] }, {}, { logprobs: [{ token: ' a' }] }],
    [
      'bytes of one type alone',
      [
        { type: 'image', result: 'x' },
        { type: 'y', result: 'x' },
      ],
      { '[0].type': 'image', '[1].type': 'y', '[1].result': 'x' },
      [
        { type: '<image>', result: 'x' },
        { type: '<y>', result: '<x>' },
      ],
    ],
    [
      'JSON source, keys included',
      { arguments: '{"a": "x\\u0079\\n", "n": 1.0}' },
      { 'arguments[0]': 'a', 'arguments[1]': 'xy\n', 'arguments[2]': 'n' },
      { arguments: '{"<a>": "<xy\\n>", "<n>": 1.0}' },
    ],
    [
      'a JSON value that is parsed already',
      { arguments: { a: 'x', b: ['y', 1] } },
      { 'arguments[0]': 'a', 'arguments[1]': 'x', 'arguments[2]': 'b', 'arguments[3]': 'y' },
      { arguments: { '<a>': '<x>', '<b>': ['<y>', 1] } },
    ],
    [
      'keys that somebody chose, which stand in no path, at any depth',
      { properties: { 'a b': { title: 'x', properties: { c: 'y' } } } },
      {
        'properties.names[0]': 'a b',
        'properties[0].title': 'x',
        'properties[0].properties.names[0]': 'c',
        'properties[0].properties[0]': 'y',
      },
      { properties: { '<a b>': { title: '<x>', properties: { '<c>': '<y>' } } } },
    ],
    [
      'a key that is no name, and what stands below it',
      { a: { 'b c': { 'd e': 'x', f: 'y' } } },
      { 'a["b c"]["d e"]': 'x', 'a["b c"].f': 'y', 'a["b c"]{0}': 'd e', 'a{0}': 'b c' },
      { a: { '<b c>': { '<d e>': '<x>', f: '<y>' } } },
    ],
    [
      'a data URL of text, under a word key and elsewhere',
      { url: 'data:text/plain;base64,eHk=', b: 'data:,x%79' },
      { url: 'xy', b: 'xy' },
      { url: 'data:text/plain;charset=utf-8;base64,PHh5Pg==', b: 'data:text/plain;charset=utf-8,%3Cxy%3E' },
    ],
    [
      'a data URL of an image',
      { url: 'data:image/png;base64,iVBORw0KGgo=' },
      {},
      { url: 'data:image/png;base64,iVBORw0KGgo=' },
    ],
    [
      'text that is JSON, as whoever parses it sees it',
      { text: ' {"a": "\\u0078\\ny"}', other: 'a \\u0078' },
      { text: ' {"a": "x\u2000y"}', other: 'a \\u0078' },
      { text: '< {"a": "x\\ny"}>', other: '<a \\u0078>' },
    ],
  ])('reads and writes %s', (_, value, found, written) => {
    expect(texts(value)).toEqual(found);
    expect(marked(value)).toEqual(written);
  });

  it('tells the role that the nearest object names', () => {
    const value = { role: 'user', content: ['x', { role: 'tool', text: 'y' }] };
    const roles = readTextSlots(value, { rules: RULES }).map(({ path, role }) => [path, role]);
    expect(roles).toEqual([
      ['content[0]', 'user'],
      ['content[1].text', 'tool'],
    ]);
  });

  it('reads pieces as they stand', () => {
    const value = { arguments: '{"a', text: '["\\u00' };
    const slots = readTextSlots(value, { rules: RULES, inPieces: true });
    expect(slots.map(({ text }) => text)).toEqual(['{"a', '["\\u00']);
  });

  it('loses no member when two names become equal', () => {
    const value = { properties: { a: 1, b: 2 } };
    for (const { write } of readTextSlots(value, { rules: RULES })) write('#');
    expect(Object.values(value.properties)).toEqual([1, 2]);
  });

  it('keeps the order of what it renames, and finds each path once', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const slots = readTextSlots(value, { rules: RULES });
        expect(new Set(slots.map(({ path }) => path)).size).toBe(slots.length);
        const copy = structuredClone(value);
        for (const { text, write } of readTextSlots(copy, { rules: RULES })) write(text);
        expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
      }),
    );
  });
});
