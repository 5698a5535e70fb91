import fc from 'fast-check';
import { EscapedTexts } from '../../../src/adapters/escaped-texts.js';
import { decodeJsonSource } from '../../../src/adapters/json-source.js';

function read(...pieces: string[]): string[] {
  const texts = new EscapedTexts();
  return pieces.map((piece) => texts.read('c', piece));
}

/** JSON source in which some characters are escaped that need not be. */
const SOURCE = fc
  .tuple(fc.string({ unit: 'binary' }), fc.string())
  .map(([text, other]) => `[${JSON.stringify(text)}, ${JSON.stringify(other)}]`)
  .map((json) => json.replace(/[^ -~]|[aeiou]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`));

function cut(text: string, size: number): string[] {
  return [...Array(Math.ceil(text.length / size)).keys()].map((at) => text.slice(at * size, (at + 1) * size));
}

describe('EscapedTexts', () => {
  it.each<[name: string, pieces: string[], texts: string[]]>([
    ['an escape in one piece', ['["\\u007a'], ['["z']],
    ['an escape cut behind the backslash', ['[a\\', 'u007ab'], ['[a', 'zb']],
    ['an escape cut in the digits', ['[a\\u00', '7', 'a'], ['[a', '', 'z']],
    ['a line break cut in two', [' {a\\', 'nb'], [' {a', '\u2000b']],
    ['an escaped backslash', ['[a\\\\', 'u007a'], ['[a\\\\', 'u007a']],
    ['an escaped backslash cut in two', ['[a\\', '\\u007a'], ['[a', '\\\\u007a']],
    ['an escaped quote', ['["a\\', '""'], ['["a', '\\""']],
    ['what is no escape', ['[a\\uxy', 'z'], ['[a\\uxy', 'z']],
    ['an escape that is never completed', ['[a\\u0'], ['[a']],
    ['JSON behind white space', [' ', '\n', '["\\u007a'], [' ', '\n', '["z']],
    ['no JSON', ['a [', '\\u007a'], ['a [', '\\u007a']],
  ])('reads %s', (_, pieces, texts) => {
    expect(read(...pieces)).toEqual(texts);
  });

  it('keeps channels apart', () => {
    const texts = new EscapedTexts();
    expect(texts.read('a', '[\\u00')).toBe('[');
    expect(texts.read('b', '7a')).toBe('7a');
    expect(texts.read('a', '7a')).toBe('z');
  });

  it('reads JSON the same however it is cut', () => {
    fc.assert(
      fc.property(SOURCE, fc.integer({ min: 1, max: 5 }), (source, size) => {
        expect(read(...cut(source, size)).join('')).toBe(decodeJsonSource(source));
      }),
    );
  });

  it('writes what it read with the escapes that it came with, however late it leaves', () => {
    fc.assert(
      fc.property(SOURCE, fc.integer({ min: 1, max: 5 }), fc.infiniteStream(fc.nat(4)), (source, size, leaving) => {
        const texts = new EscapedTexts();
        let waiting = '';
        let written = '';
        for (const piece of cut(source, size)) {
          waiting += texts.read('c', piece);
          const units = leaving.next().value ?? 0;
          written += texts.write('c', waiting.slice(0, units));
          waiting = waiting.slice(units);
        }
        expect(written + texts.write('c', waiting)).toBe(source);
      }),
    );
  });

  it('writes JSON still once something was taken out', () => {
    const texts = new EscapedTexts();
    texts.read('c', '["\\u007aorg\\nblat \\u0061"]');
    expect(texts.write('c', '["# \u2000a"]')).toBe('["# \\na"]');
    texts.read('c', '\\u0062');
    expect(texts.write('c', 'b')).toBe('b');
  });
});
