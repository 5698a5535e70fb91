import { SPACED_BUCKETS, TextEncoder, wordBucket } from '../../../src/classifier/encode-text.js';
import { createFold } from '../../../src/text/index.js';

function encode(text: string, size = text.length || 1): { grams: number[]; words: number[] } {
  const encoder = new TextEncoder(createFold());
  for (let at = 0; at < text.length; at += size) encoder.append(text.slice(at, at + size));
  encoder.peek();
  return {
    grams: [...encoder.grams.subarray(0, encoder.gramCount)],
    words: [...encoder.words.subarray(0, encoder.wordCount)],
  };
}

describe('TextEncoder', () => {
  it.each([
    ['case', 'Zorgblat', 'zorgblat'],
    ['an apostrophe', "zorg'blat", 'zorgblat'],
    ['a zero-width character', 'zorg\u200bblat', 'zorgblat'],
    ['full width', 'ｚｏｒｇｂｌａｔ', 'zorgblat'],
    ['a Cyrillic look-alike', 'zоrgblаt', 'zorgblat'],
    ['an accent', 'zórgblàt', 'zorgblat'],
    ['a letter three times or more', 'zoooorgblaaat', 'zorgblat'],
    ['a symbol between letters', 'zorgbl@t', 'zorgblat'],
    ['punctuation at the end', 'zorgblat!!!', 'zorgblat'],
    ['traditional characters', '壞點', '坏点'],
    ['hiragana', 'すし', 'スシ'],
  ])('reads through %s', (_name, text, plain) => {
    expect(encode(text)).toEqual(encode(plain));
  });

  it.each([
    ['a doubled letter', 'zoorg', 'zorg'],
    ['two words', 'zorg blat', 'zorgblat'],
    ['the order of words', 'zorg blat', 'blat zorg'],
    ['the order of characters', '天今', '今天'],
    ['stars in place of letters', 'z**g', 'zg'],
  ])('tells apart %s', (_name, text, other) => {
    expect(encode(text).grams).not.toEqual(encode(other).grams);
  });

  it('reads digits inside a word both as they are and as letters', () => {
    expect(encode('z0rgbl4t').words).toEqual(expect.arrayContaining(encode('zorgblat').words));
    expect(encode('z0rgbl4t').words).toHaveLength(2);
  });

  it('gives words the buckets that pretrained vectors are stored under', () => {
    const units = [...'quux'].map((letter) => letter.charCodeAt(0));
    expect(encode('Quux').words).toEqual([wordBucket(units)]);
  });

  it('keeps Chinese and Japanese characters apart from words of spaced scripts', () => {
    const { words } = encode('天气 quux');
    expect(words.filter((bucket) => bucket >= SPACED_BUCKETS)).toHaveLength(3);
    expect(words.filter((bucket) => bucket < SPACED_BUCKETS)).toHaveLength(1);
  });

  it.each([1, 2, 3])('does not depend on the cut, pieces of %i units', (size) => {
    for (const text of [
      'Zorg blat-quux, fr3d w*bble! 今天天气 \u{1F600}\u{1F1E6} sooo',
      'a'.repeat(99),
      '\ud800x\udc00',
      "o'k@y.",
    ]) {
      expect(encode(text, size)).toEqual(encode(text));
    }
  });

  it('shows the open word again when it closes, and forgets all on reset', () => {
    const encoder = new TextEncoder(createFold());
    encoder.append('zorg bl');
    encoder.peek();
    encoder.clear();
    encoder.append('at');
    encoder.peek();
    expect([...encoder.words.subarray(0, encoder.wordCount)]).toEqual(encode('blat').words);
    encoder.reset();
    encoder.append('quux');
    encoder.peek();
    expect([...encoder.grams.subarray(0, encoder.gramCount)]).toEqual(encode('quux').grams);
  });

  it('pads with a bucket that no text has', () => {
    const all = encode('the quick brown fox jumps over the lazy dog 今天天气很好 '.repeat(50));
    expect([...all.grams, ...all.words]).not.toContain(0);
  });
});
