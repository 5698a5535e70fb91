import { DISGUISES, disguisePairs, seededRandom } from '../../../benchmarks/support/disguise.js';

const apply = (name: string, term: string): string | undefined => DISGUISES[name]?.(term, seededRandom(7));

describe('disguises', () => {
  it.each([
    ['width', 'zorg', 'ｚｏｒｇ'],
    ['spaced', 'zorg', 'z o r g'],
    ['spaced', '坏东西', '坏 东 西'],
    ['traditional', '坏东西', '壞東西'],
    ['hiragana', 'ゾルグ', undefined],
    ['hiragana', 'カナ', 'かな'],
    ['half-width kana', 'ガ', 'ｶﾞ'],
    ['katakana', 'かな', 'カナ'],
    ['jamo', '바보', '바보'.normalize('NFD')],
    ['tatweel', 'شر', 'ش\u0640ر'],
  ])('%s of %s', (name, term, expected) => {
    // A kana without a hiragana of its own stays.
    if (expected === undefined) expect(apply(name, term)).not.toBe(term);
    else expect(apply(name, term)).toBe(expected);
  });

  it.each(Object.keys(DISGUISES))('%s leaves alone what it does not apply to, and is repeatable', (name) => {
    expect(apply(name, '123')).toBe(name === 'width' ? '１２３' : name === 'leet' ? '123' : undefined);
    expect(apply(name, 'zorgblat')).toBe(apply(name, 'zorgblat'));
  });

  it('never turns more than half of a word into digits', () => {
    const digits = (apply('leet', 'obesatiles')?.match(/[0-9!|$@]/g) ?? []).length;
    expect(digits).toBeGreaterThan(0);
    expect(digits).toBeLessThanOrEqual(5);
  });

  it('pairs every two disguises that can be combined', () => {
    const pairs = disguisePairs();
    expect(pairs).toContainEqual(['width', 'zero-width']);
    expect(pairs).not.toContainEqual(['spaced', 'punctuated']);
  });
});
