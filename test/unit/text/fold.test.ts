import { Fold, I_OR_L, IGNORABLE, reads, SEPARATOR } from '../../../src/text/index.js';

const fold = new Fold();
const unit = (char: string) => fold.unit(char.codePointAt(0) ?? 0);
const read = (char: string) => String.fromCodePoint(...fold.units(char.codePointAt(0) ?? 0));

describe('Fold', () => {
  it.each([
    ['case', 'K', 'k'],
    ['width', 'ｋ', 'k'],
    ['accent', 'é', 'e'],
    ['Cyrillic look-alike', 'а', 'a'],
    ['mathematical letter', '𝐤', 'k'],
    ['circled letter', 'ⓚ', 'k'],
    ['regional indicator', '🇰', 'k'],
    ['traditional Chinese', '殺', '杀'],
    ['hiragana', 'か', 'カ'],
    ['voiced kana stays apart', 'が', 'ガ'],
    ['half-width kana', 'ｶ', 'カ'],
    ['Russian short i is a letter of its own', 'Й', 'й'],
    ['Russian yo', 'ё', 'e'],
    ['small capital', 'ᴋ', 'k'],
    ['Cherokee look-alike', 'Ꮶ', 'k'],
    ['stroke', 'ø', 'o'],
    ['negative squared letter', '🅺', 'k'],
  ])('%s', (_, from, to) => {
    expect(unit(from)).toBe(to.codePointAt(0));
  });

  it.each([
    ['zero-width joiner', '\u200d', IGNORABLE],
    ['combining mark', '\u0301', IGNORABLE],
    ['bidi override', '\u202e', IGNORABLE],
    ['space', ' ', SEPARATOR],
    ['full stop', '.', SEPARATOR],
    ['emoji', '😀', SEPARATOR],
  ])('%s', (_, char, expected) => {
    expect(unit(char)).toBe(expected);
  });

  it.each([
    ['ligature', 'ﬁ', 'fi'],
    ['sharp s', 'ß', 'ss'],
    ['ae', 'Æ', 'ae'],
    ['Hangul syllable', '발', 'ㅂㅏㄹ'],
    ['Hangul syllable with two consonants at its end', '값', 'ㄱㅏㅂㅅ'],
    ['conjoining jamo', '\u1107', 'ㅂ'],
    ['unit of measure', '㎏', 'kg'],
    ['bracketed letter', '⒦', 'k'],
  ])('%s', (_, char, units) => {
    expect(read(char)).toBe(units);
  });

  it('is total, idempotent on letters, and answers for every code point', () => {
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += 1) {
      for (const folded of fold.units(codePoint)) {
        if (folded > SEPARATOR && fold.unit(folded) !== folded)
          throw new Error(`U+${codePoint.toString(16)} folds to U+${folded.toString(16)}, which folds on`);
      }
    }
  });

  it('takes a capital I as i or l', () => {
    expect(unit('I')).toBe(I_OR_L);
    expect([reads(I_OR_L, unit('i')), reads(I_OR_L, unit('l'))]).toEqual([true, true]);
  });

  it('reads 1 as i or l, never i as l', () => {
    const [one, i, l] = ['1', 'i', 'l'].map(unit) as [number, number, number];
    expect([reads(one, i), reads(one, l), reads(i, l)]).toEqual([true, true, false]);
  });
});
