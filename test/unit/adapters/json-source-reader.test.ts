import fc from 'fast-check';
import { decodeJsonSource } from '../../../src/adapters/json-source.js';
import { JsonSourceReader } from '../../../src/adapters/json-source-reader.js';

function read(...pieces: string[]): string[] {
  const reader = new JsonSourceReader();
  return pieces.map((piece) => reader.read('c', piece).text);
}

describe('JsonSourceReader', () => {
  it.each<[name: string, pieces: string[], texts: string[]]>([
    ['an escape in one piece', ['"\\u007a'], ['"z']],
    ['an escape cut behind the backslash', ['a\\', 'u007ab'], ['a', 'zb']],
    ['an escape cut in the digits', ['a\\u00', '7', 'a'], ['a', '', 'z']],
    ['a line break cut in two', ['a\\', 'nb'], ['a', '\u2000b']],
    ['an escaped backslash', ['a\\\\', 'u007a'], ['a\\\\', 'u007a']],
    ['an escaped backslash cut in two', ['a\\', '\\u007a'], ['a', '\\\\u007a']],
    ['what is no escape', ['a\\uxy', 'z'], ['a\\uxy', 'z']],
    ['an escape that is never completed', ['a\\u0'], ['a']],
  ])('reads %s', (_, pieces, texts) => {
    expect(read(...pieces)).toEqual(texts);
  });

  it('keeps channels apart', () => {
    const reader = new JsonSourceReader();
    expect(reader.read('a', '\\u00')).toEqual({ text: '', alone: false });
    expect(reader.read('b', '7a')).toEqual({ text: '7a', alone: true });
    expect(reader.read('a', '7a')).toEqual({ text: 'z', alone: false });
  });

  it('reads JSON source the same however it is cut', () => {
    const source = fc
      .string({ unit: 'binary' })
      .map((text) =>
        JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
      );
    fc.assert(
      fc.property(source, fc.integer({ min: 1, max: 5 }), (text, size) => {
        const pieces = [...Array(Math.ceil(text.length / size)).keys()].map((at) =>
          text.slice(at * size, (at + 1) * size),
        );
        expect(read(...pieces).join('')).toBe(decodeJsonSource(text));
      }),
    );
  });
});
