import fc from 'fast-check';
import { windowsOf } from '../../../src/moderator/index.js';

describe('windowsOf', () => {
  it.each([
    ['an empty text', '', []],
    ['a short text', 'One. Two. Three', ['One. Two. Three']],
  ])('cuts %s', (_name, text, windows) => {
    expect(windowsOf(text)).toEqual(windows);
  });

  it('cuts a long text at the end of a sentence once a window is full', () => {
    const sentence = `${'word '.repeat(60)}end. `;
    const windows = windowsOf(sentence.repeat(6));
    expect(windows.length).toBeGreaterThan(2);
    for (const window of windows.slice(0, -1)) expect(window).toMatch(/end\.$/);
  });

  it('never loses a character, and keeps every window bounded', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '.', '天', '😀', '\n'), maxLength: 4000 }), (text) => {
        const windows = windowsOf(text);
        expect(windows.join('')).toBe(text);
        expect(windows.every(({ length }) => length > 0 && length <= 1024)).toBe(true);
      }),
    );
  });
});
