import { type FieldText, parseFieldPath, readFieldTexts } from '../../../src/adapters/plain-fields.js';

const read = (body: unknown, ...paths: string[]): FieldText[] =>
  readFieldTexts(
    body,
    paths.map((path) => parseFieldPath(path)!),
  );

describe('a field path', () => {
  const body = {
    question: 'a',
    history: [{ text: 'b' }, { text: 'c', id: 7 }, 'd'],
    data: { x: { answer: 'e' }, 'odd key': 'f' },
    deep: { list: ['g', ['h'], { i: 'i' }, 4, null] },
  };

  it.each<[name: string, path: string, found: [path: string, text: string][]]>([
    ['a key', 'question', [['question', 'a']]],
    [
      'every item',
      'history[].text',
      [
        ['history[0].text', 'b'],
        ['history[1].text', 'c'],
      ],
    ],
    ['one item', 'history[2]', [['history[2]', 'd']]],
    ['every key', 'data.*.answer', [['data[0].answer', 'e']]],
    ['a quoted key', 'data["odd key"]', [['data["odd key"]', 'f']]],
    [
      'everything below',
      'deep',
      [
        ['deep[0][0]', 'g'],
        ['deep[0][1][0]', 'h'],
        ['deep[0][2][0]', 'i'],
      ],
    ],
    ['nothing there', 'history.text', []],
    ['a key of the prototype', 'constructor', []],
    ['a number', 'history[1].id', []],
  ])('%s: %s', (_, path, found) => {
    expect(read(body, path).map((each) => [each.path, each.text])).toEqual(found);
  });

  it('leads into a body that is an array', () => {
    expect(read([{ q: 'a' }, { q: 'b' }], '[].q').map(({ path, text }) => [path, text])).toEqual([
      ['[0].q', 'a'],
      ['[1].q', 'b'],
    ]);
  });

  it('gives a string that two paths lead to once, to the first', () => {
    expect(read({ a: { b: 'x' } }, 'a.b', 'a')).toMatchObject([{ path: 'a.b' }]);
    expect(read({ a: { b: 'x' } }, 'a', 'a.b')).toMatchObject([{ path: 'a[0]' }]);
  });

  it('writes where it read', () => {
    const copy = structuredClone(body);
    for (const { write, text } of read(copy, '*')) write(text.toUpperCase());
    expect(copy).toEqual({
      question: 'A',
      history: [{ text: 'B' }, { text: 'C', id: 7 }, 'D'],
      data: { x: { answer: 'E' }, 'odd key': 'F' },
      deep: { list: ['G', ['H'], { i: 'I' }, 4, null] },
    });
  });

  it.each(['', '.a', 'a.', 'a..b', 'a[', 'a[x]', 'a[-1]', 'a]', '[]a', 'a["b]', 'a["\\x"]', 'a*'])(
    'is not %p',
    (text) => {
      expect(parseFieldPath(text)).toBeUndefined();
    },
  );
});
