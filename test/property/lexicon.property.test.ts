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

  it('cuts no character as it is shown: no surrogate pair, no accent, no syllable', () => {
    const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
    const marks = fc.constantFrom(
      '\u0301',
      '\u200d',
      '\ufe0f',
      '\u20e3',
      '\u093f',
      '\u0902',
      '\u11ba',
      '\u{1f3fb}',
      'ﾞ',
      '👨',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(PIECES, marks), { maxLength: 14 }), (pieces) => {
        // A lone surrogate is no character. Flags, two letters to a character, are left out: a term may begin inside one.
        const text = pieces.join('').replace(/\p{Cs}/gu, '');
        const borders = new Set([...segmenter.segment(text)].map(({ index }) => index)).add(text.length);
        for (const { span } of scanText(lexicon, text)) {
          expect([span, borders.has(span.start), borders.has(span.end)]).toEqual([span, true, true]);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
