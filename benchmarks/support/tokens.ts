import { seededRandom } from './disguise.js';

/** Words with the space before them, numbers of up to three digits, runs of marks, line breaks: how the vocabularies of models cut text. */
const PARTS = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー]+| ?\p{N}{1,3}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\n+|\s+/gu;
const CJK = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]/u;
/** Longer words are cut. */
const MAX_WORD = 8;

/**
 * Cuts a text as a model would stream it: common words whole with the space before them, long ones in pieces of three to seven
 * letters, Chinese and Japanese in pieces of one to three characters. Joined again the tokens are the text.
 */
export function tokensOf(text: string, seed = 1): string[] {
  const random = seededRandom(seed);
  const tokens: string[] = [];
  for (const [part] of text.matchAll(PARTS)) {
    const chars = [...part];
    const isCjk = CJK.test(part);
    for (let at = 0; at < chars.length; ) {
      const left = chars.length - at;
      const longest = left <= MAX_WORD ? left : 3 + Math.floor(random() * 5);
      const size = isCjk ? 1 + Math.floor(random() * 2.4) : longest;
      tokens.push(chars.slice(at, at + size).join(''));
      at += size;
    }
  }
  return tokens;
}
