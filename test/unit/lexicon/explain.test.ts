import { buildLexicon, explainText, parseList } from '../../../src/lexicon/index.js';

const TEXT = `@set place = town, city
[severity 3]
Zorgblat
will quuux
Börkel
finblat
kuttle | unless kuttle cake, *pudding* | near storm, {hail,rain} today
你坏东
坏东西话
ザブ話
나쁜말
!zorgblat <place>
`;
const lexicon = buildLexicon([parseList({ text: TEXT, file: 'my/abusive.txt', language: 'en', category: 'abusive' })]);

describe('explainText', () => {
  it.each<[string, string, string[]]>([
    ['as written', 'a Zorgblat here', []],
    ['case', 'a zORGBLAT', ['case']],
    ['width', 'Ｚｏｒｇｂｌａｔ', ['width']],
    ['width and case', 'ｚｏｒｇｂｌａｔ', ['case', 'width']],
    ['diacritics', 'Zörgblát', ['diacritics']],
    ['combining marks', 'Zo\u0308rgblat', ['diacritics']],
    ['diacritics of the term left out', 'Borkel', ['diacritics']],
    ['look-alikes', 'Zоrgblаt', ['look-alike']],
    ['letters as emoji', '\u{1f149}orgblat', ['look-alike']],
    ['zero width', 'Zor\u200bgblat', ['invisible characters']],
    ['an apostrophe', "Zorg'blat", ['ignored marks']],
    ['repeated letters', 'Zorgblaaat', ['repeated letters']],
    ['leet digits', 'Z0rgbl4t', ['leet']],
    ['leet symbols', 'Zorgbl@t', ['leet']],
    ['spelled out', 'x Z o r g b l a t.', ['spelled out']],
    ['marks between all letters', 'Z.o.r.g.b.l.a.t', ['joined by marks']],
    ['spaces between Chinese characters', '坏 东 西 话', ['spelled out']],
    ['joined by marks', 'Zorg-blat', ['joined by marks']],
    ['a phrase over marks', 'will   quuux', []],
    ['a ligature', 'ﬁnblat', ['ligature']],
    ['traditional', '壞東西話', ['traditional']],
    ['kana', 'ざぶ話', ['kana']],
    ['half-width kana', 'ｻﾞﾌﾞ話', ['width']],
    ['jamo', 'ㄴㅏㅃㅡㄴㅁㅏㄹ', ['jamo']],
    ['several at once', 'z0rgblааt', ['case', 'look-alike', 'repeated letters', 'leet']],
  ])('names the folds: %s', (_, text, expected) => {
    expect(explainText(lexicon, text).map(({ folds }) => folds)).toEqual([expected]);
  });

  it.each<[string, string, object]>([
    ['the halves of two words', '你坏东西了', { kind: 'cuts-word' }],
    ['a hit', 'kuttle in the storm', { kind: 'counts' }],
    [
      'an allow-phrase, with where it stands',
      'the zorgblat  town',
      {
        kind: 'allowed',
        by: { phrase: 'zorgblat town', span: { start: 4, end: 18 }, source: { file: 'my/abusive.txt', line: 12 } },
      },
    ],
    [
      'an unless phrase',
      'storm: a kuttle and puddings',
      {
        kind: 'unless',
        by: { phrase: '*pudding*', span: { start: 20, end: 27 }, source: { file: 'my/abusive.txt', line: 7 } },
      },
    ],
    [
      'the near phrases that are missing',
      'a kuttle',
      { kind: 'near-missing', phrases: ['storm', 'hail today', 'rain today'], within: { back: 60, ahead: 60 } },
    ],
  ])('says why: %s', (_, text, outcome) => {
    expect(explainText(lexicon, text).map((match) => match.outcome)).toEqual([outcome]);
  });

  it('names the entry, its place, its term and the span in the original', () => {
    expect(explainText(lexicon, 'the z0rgblat')).toEqual([
      {
        entry: expect.stringMatching(/^en\/abusive\/[0-9a-f]{8}$/u),
        source: { file: 'my/abusive.txt', line: 3 },
        category: 'abusive',
        severity: 3,
        term: 'Zorgblat',
        span: { start: 4, end: 12 },
        text: 'z0rgblat',
        folds: ['case', 'leet'],
        outcome: { kind: 'counts' },
      },
    ]);
  });
});
