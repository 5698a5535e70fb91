import fc from 'fast-check';
import { JsonPiece } from '../../../src/adapters/json-piece.js';
import { JsonTextReader, listJsonTexts, withJsonTexts } from '../../../src/adapters/json-text-reader.js';

/** Cuts source into pieces of these sizes. */
function cut(source: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < source.length; at += pieces.at(-1)?.length ?? 1) {
    pieces.push(source.slice(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
  }
  return pieces;
}

/** Every text of source that is read in pieces, by name, and those that ended. */
function readInPieces(pieces: readonly string[]) {
  const reader = new JsonTextReader();
  const texts: Record<string, string> = {};
  const ended: string[] = [];
  for (const piece of pieces) {
    for (const part of reader.read(piece)) {
      if (part.name === undefined) continue;
      texts[part.name] = (texts[part.name] ?? '') + part.text;
      if (part.ends) ended.push(part.name);
    }
  }
  return { texts, ended };
}

const SIZES = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
const SPACED = fc
  .tuple(fc.jsonValue(), fc.integer({ min: 0, max: 2 }))
  .map(([value, indent]) => JSON.stringify(value, null, indent));
const ESCAPED = SPACED.map((source) =>
  source.replace(/[a-z]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
);

describe('JsonTextReader', () => {
  it('finds the texts that the value holds, however the source is written and cut', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          SPACED,
          fc.string().map((text) => JSON.stringify({ [text]: text })),
        ),
        SIZES,
        (source, sizes) => {
          const { texts, ended } = readInPieces(cut(source, sizes));
          const strings = Object.entries(texts).filter(([name]) => name.startsWith('['));
          const expected = listJsonTexts(JSON.parse(source));
          // A parsed value has other texts where a key was repeated or looks like a number.
          fc.pre(JSON.stringify(JSON.parse(source)) === source.replace(/\n */g, '').replace(/": /g, '":'));
          expect(strings.map(([name, text]) => [name, text])).toEqual(
            expected.flatMap((text, index) => (text === '' ? [] : [[`[${index}]`, text]])),
          );
          expect(ended).toEqual(Object.keys(texts).filter((name) => name.startsWith('[') || ended.includes(name)));
        },
      ),
    );
  });

  it('reads anything the same however it is cut, and leaves it as it is', () => {
    const junk = fc.array(
      fc.constantFrom('{', '}', '"', '\\', 'u00', '6f', '\\u006f', ' ', ',', 'a', '1', '\n', '\\n', '你', '😀'),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          junk.map((parts) => parts.join('')),
          ESCAPED,
        ),
        SIZES,
        (source, sizes) => {
          const pieces = cut(source, sizes);
          expect(readInPieces(pieces)).toEqual(readInPieces([source]));
          const reader = new JsonTextReader();
          const written = pieces.map((piece) => new JsonPiece(reader, piece).write(new Map()) ?? piece).join('');
          expect(source.startsWith(written)).toBe(true);
          // Only the half of an escape can be left at the end.
          expect(source.length - written.length).toBeLessThan(6);
        },
      ),
    );
  });

  it.each<[string, string, Record<string, string>]>([
    ['keys and strings', '{"a":["b",{"c":1}]}', { '[0]': 'a', '[1]': 'b', '[2]': 'c' }],
    ['escapes', '"\\u0061\\n\\"\\\\u0062\\/"', { '[0]': 'a\n"\\u0062/' }],
    ['what is no escape', '"\\x\\u00zz"', { '[0]': '\\x\\u00zz' }],
    ['empty ones, which count and hold nothing', '["","a"]', { '[1]': 'a' }],
    ['words outside of strings', '[true,a b,12.5]', { '.other[0]': 'true', '.other[1]': 'a b' }],
    ['no JSON at all', 'a b "c', { '.other[0]': 'a b ', '[0]': 'c' }],
  ])('finds %s', (_, source, texts) => {
    expect(readInPieces([source]).texts).toEqual(texts);
  });

  it('takes long text in one step', () => {
    const text = 'a"\\'.repeat(500_000);
    expect(readInPieces([JSON.stringify([text])]).texts).toEqual({ '[0]': text });
  });
});

describe('withJsonTexts', () => {
  it('changes nothing with the texts that were listed', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(withJsonTexts(value, listJsonTexts(value)))).toBe(JSON.stringify(value));
      }),
    );
  });
});
