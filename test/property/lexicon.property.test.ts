import fc from 'fast-check';
import { buildLexicon, parseList, scanText } from '../../src/lexicon/index.js';
import { matchNaively } from '../support/naive-matcher.js';

// Severity 1 alone: spelled-out words, which the naive matcher does not know, are looked for from severity 2 on.
const list = parseList({
  text: `[severity 1]
zab
zabba
ill
fill it
*qu*
quaq*
a1c
11 zab
坏东西吃
坏坏东西吃
ガクセイダヨ
바보다
ﬁsh
zab 坏东西吃
`,
  file: 'test.txt',
  language: 'en',
  category: 'abusive',
});
const lexicon = buildLexicon([list]);
const PIECES = fc.constantFrom(
  ...[
    'z',
    'a',
    'b',
    'zab',
    'zabba',
    'bb',
    'aaa',
    'fi',
    'll',
    'ill',
    'fill it',
    'f!ll',
    '1',
    '11 ',
    'I',
    'qu',
    'quaq',
    'q.u',
  ],
  ...[
    '坏',
    '东西吃',
    '坏东西吃',
    'カ',
    'ガ',
    'か',
    'ﾞ',
    '\u3099',
    'クセイダヨ',
    '바',
    '보다',
    '봇',
    'ㅂ',
    'ㅗㄷㅏ',
    'ﬁ',
    'sh',
    'a1c',
  ],
  ...[
    ' ',
    '  ',
    '.',
    '-',
    '!',
    '$',
    '@',
    '|',
    '*',
    '\u200b',
    '\u0301',
    '\ufe0f',
    '\n',
    '𝐳',
    '𝖆',
    'а',
    '4',
    '8',
    '\ud83d',
    '😀',
    "'",
  ],
);

describe('the lexicon against a naive matcher', () => {
  it('finds what the naive matcher finds, in every reading', () => {
    const numRuns = process.env['CI'] === undefined ? 3000 : 20_000;
    fc.assert(
      fc.property(fc.array(PIECES, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        const naive = matchNaively(list, text);
        const found = scanText(lexicon, text).map(({ termId, span }) => ({ id: termId, ...span }));
        const key = (hit: { id: string; end: number }): string => `${hit.id} ${hit.end}`;
        expect(naive).toEqual(expect.arrayContaining(found));
        // Two readings may begin one match at two places; one of them is enough.
        expect([...new Set(found.map(key))].sort()).toEqual([...new Set(naive.map(key))].sort());
      }),
      // Found before: a symbol that is a letter on one side of a word and an edge on the other.
      { numRuns, examples: [[['!', 'I', '!', 'z']], [['!', 'll', '.', 'z']], [['z', 'zabba', '@', 'z']]] },
    );
  });

  it('cuts no surrogate pair and no accent off', () => {
    fc.assert(
      fc.property(fc.array(PIECES, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('');
        for (const { span } of scanText(lexicon, text)) {
          const isLow = (at: number): boolean =>
            /^[\udc00-\udfff]$/.test(text.charAt(at)) && /^[\ud800-\udbff]$/.test(text.charAt(at - 1));
          expect(isLow(span.start) || isLow(span.end)).toBe(false);
          expect(text.slice(span.end)).not.toMatch(/^\p{M}/u);
        }
      }),
    );
  });
});
