import { createFold } from '../../src/text/index.js';
import { seededRandom } from './disguise.js';

const LETTERS = 'etaoinshrdlcumwfgypbvkz';
/** Rare Chinese characters, so that no text of the benchmarks has them. */
const HAN_FIRST = 0x9000;
const HAN_COUNT = 3000;
const CHINESE_SHARE = 0.3;

/** Rare characters that are read as nothing but themselves: two terms never become one when they are folded. */
function plainHan(): string[] {
  const fold = createFold();
  return Array.from({ length: HAN_COUNT }, (_, index) => HAN_FIRST + index)
    .filter((code) => fold(code) === code)
    .map((code) => String.fromCharCode(code));
}

/**
 * Made-up terms, the same for the same size: seven in ten words of 6 to 13 letters, the others of 2 to 5 rare Chinese characters. None
 * repeats a letter twice running or holds another term, so that every engine finds the same ones in a text.
 */
export function termList(size: number): string[] {
  const random = seededRandom(size);
  const han = plainHan();
  const terms = new Set<string>();
  while (terms.size < size) {
    const isChinese = random() < CHINESE_SHARE;
    const pool = isChinese ? han : [...LETTERS];
    const length = isChinese ? 2 + Math.floor(random() * 4) : 6 + Math.floor(random() * 8);
    let term = '';
    while (term.length < length) {
      const char = pool[Math.floor(random() * pool.length)] ?? '';
      if (!term.endsWith(char)) term += char;
    }
    terms.add(term);
  }
  return [...terms].filter((term) => !holdsAnother(term, terms));
}

function holdsAnother(term: string, terms: ReadonlySet<string>): boolean {
  for (let start = 0; start < term.length; start += 1) {
    for (let end = start + 2; end <= term.length; end += 1) {
      if (end - start < term.length && terms.has(term.slice(start, end))) return true;
    }
  }
  return false;
}

/** How often any of the terms stands in a text: the naive way, every window of every length looked up. */
export function countNaively(text: string, terms: readonly string[]): number {
  const known = new Set(terms);
  const lengths = [...new Set(terms.map(({ length }) => length))];
  let count = 0;
  for (let start = 0; start < text.length; start += 1) {
    for (const length of lengths) if (known.has(text.slice(start, start + length))) count += 1;
  }
  return count;
}
