import { createFold, IGNORABLE, reads, SEPARATOR } from '../../../src/text/index.js';

const fold = createFold();
const unit = (char: string) => fold(char.codePointAt(0) ?? 0);

describe('createFold', () => {
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

  it('is total, idempotent on letters, and answers for every code point', () => {
    for (let codePoint = 0; codePoint <= 0x10ffff; codePoint += 1) {
      const folded = fold(codePoint);
      if (folded > SEPARATOR && fold(folded) !== folded)
        throw new Error(`U+${codePoint.toString(16)} folds to U+${folded.toString(16)}, which folds on`);
    }
  });

  it('reads 1 as i or l, never i as l', () => {
    const [one, i, l] = ['1', 'i', 'l'].map(unit) as [number, number, number];
    expect([reads(one, i), reads(one, l), reads(i, l)]).toEqual([true, true, false]);
  });
});
