import fc from 'fast-check';

const PIECES = ['blip', 'zorgblat', ' city', 'quux', 'xxxx', 'well', ' ', '. ', '你', '。', '😀', 'é', '"', '\\', '\n'];
/** Words that block are rare, or hardly any answer would be read to its end. */
const WORDS = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...PIECES) },
  fc.constantFrom('grumpf', 'kkkkkk', 'gr', 'umpf'),
);
/** A text of made-up words, harmless and not, and of what stands between them. */
export const TEXT = fc.array(WORDS, { maxLength: 6 }).map((parts) => parts.join(''));

/** A text in pieces, cut anywhere. */
export function cut(source: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc
    .tuple(source, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }))
    .map(([whole, sizes]) => {
      const pieces: string[] = [];
      for (let at = 0; at < whole.length; at += pieces.at(-1)?.length ?? 1) {
        pieces.push(whole.slice(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
      }
      return pieces;
    });
}

/** JSON source that holds such texts, with or without escapes. */
export const JSON_SOURCE = fc
  .tuple(fc.dictionary(TEXT, fc.oneof(TEXT, fc.integer()), { maxKeys: 3 }), fc.boolean())
  .map(([input, escaped]) => {
    const source = JSON.stringify(input);
    // A word in escapes is a word all the same.
    return escaped
      ? source.replace(/[u你é]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      : source;
  });
