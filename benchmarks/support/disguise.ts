import { LOOKALIKES, READ_AS } from '../../src/text/tables/lookalikes.js';
import { SIMPLIFIED, TRADITIONAL } from '../../src/text/tables/traditional.js';

/** Source of numbers in [0, 1); seeded, so that a run can be repeated. */
export type Random = () => number;

/** Returns a seeded source of numbers (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** One way to disguise a term; `undefined` where it does not apply, so that the term would stay as it is or be unreadable. */
export type Disguise = (term: string, random: Random) => string | undefined;

const LATIN = /^[a-z]$/i;
const LETTER = /^\p{L}$/u;
const SPACED_LETTER = /^[\p{sc=Latn}\p{sc=Cyrl}\p{sc=Grek}]$/u;

const pick = (values: readonly string[] | string, random: Random): string => {
  const list = [...values];
  return list[Math.floor(random() * list.length)] ?? '';
};

/** Replaces every character that `replace` knows; `undefined` when it knew none. */
function mapChars(term: string, replace: (char: string) => string | undefined): string | undefined {
  const mapped = [...term].map((char) => replace(char) ?? char).join('');
  return mapped === term ? undefined : mapped;
}

/** Puts something behind every letter that has a letter behind it. */
function between(term: string, insert: () => string): string | undefined {
  const chars = [...term];
  const mapped = chars
    .map((char, i) => (LETTER.test(char) && LETTER.test(chars[i + 1] ?? '') ? char + insert() : char))
    .join('');
  return mapped === term ? undefined : mapped;
}

const lookalikesOf = new Map<string, string[]>();
[...LOOKALIKES].forEach((char, index) => {
  const shown = READ_AS.split(' ')[index] ?? '';
  for (const letter of shown === 'ӏ' ? ['i', 'l'] : [shown]) {
    lookalikesOf.set(letter, [...(lookalikesOf.get(letter) ?? []), char]);
  }
});
const LEET: Readonly<Record<string, string>> = {
  a: '4@',
  b: '8',
  e: '3',
  g: '9',
  i: '1!',
  l: '1|',
  o: '0',
  s: '5$',
  t: '7',
  z: '2',
};
const ACCENTS = '\u0300\u0301\u0302\u0303\u0308\u030a\u0323\u0327\u0331\u0336';
const INVISIBLES = ['\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad'];
const BIDI = ['\u200e', '\u200f', '\u202a', '\u202c', '\u2066', '\u2069', '\u061c'];
const VARIATIONS = ['\ufe00', '\ufe0e', '\ufe0f'];
const MARKS = '.-_*·~';

/** Longest term that a reader can take in letter by letter. */
const MAX_SPELLED = 12;

/** Spells out a term, as long as it is short enough. */
function spell(term: string, mark: string): string | undefined {
  const letters = [...term].filter((char) => /[\p{L}\p{M}]/u.test(char));
  const isUnspaced = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]/u.test(term);
  if (letters.length > MAX_SPELLED || letters.length < (isUnspaced ? 2 : 3)) return undefined;
  // What is spelled out is letters: a mark or a digit of the term would be lost.
  if (/[^\p{L}\s'’]/u.test(term)) return undefined;
  return letters.join(mark);
}

function toHiragana(char: string): string | undefined {
  return /^[\u30a1-\u30f6]$/.test(char) ? String.fromCharCode(char.charCodeAt(0) - 0x60) : undefined;
}

const HALF_WIDTH = new Map<string, string>();
for (let code = 0xff66; code <= 0xff9d; code += 1) {
  const half = String.fromCharCode(code);
  const full = half.normalize('NFKC');
  HALF_WIDTH.set(full, half);
  for (const mark of ['\uff9e', '\uff9f']) {
    const voiced = (half + mark).normalize('NFKC');
    if (voiced.length === 1) HALF_WIDTH.set(voiced, half + mark);
  }
}

/** Every single disguise by name. */
export const DISGUISES: Readonly<Record<string, Disguise>> = {
  case: (term, random) => mapChars(term, (c) => (random() < 0.5 ? c.toUpperCase() : c.toLowerCase())),
  width: (term) =>
    mapChars(term, (c) => (/^[!-~]$/.test(c) ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : undefined)),
  accents: (term, random) =>
    mapChars(term, (c) => (SPACED_LETTER.test(c) && random() < 0.6 ? c + pick(ACCENTS, random) : undefined)),
  'look-alikes': (term, random) =>
    mapChars(term, (c) => {
      const known = lookalikesOf.get(c.toLowerCase());
      return known !== undefined && random() < 0.7 ? pick(known, random) : undefined;
    }),
  'zero-width': (term, random) => between(term, () => (random() < 0.6 ? pick(INVISIBLES, random) : '')),
  bidi: (term, random) => between(term, () => (random() < 0.6 ? pick(BIDI, random) : '')),
  'variation selectors': (term, random) => between(term, () => pick(VARIATIONS, random)),
  'emoji letters': (term, random) =>
    mapChars(term, (c) => {
      if (!LATIN.test(c)) return undefined;
      const first = pick([0x1f1e6, 0x1f130, 0x1f150, 0x1f170].map(String), random);
      return String.fromCodePoint(Number(first) + c.toLowerCase().charCodeAt(0) - 0x61);
    }),
  'mathematical letters': (term, random) =>
    mapChars(term, (c) => {
      if (!LATIN.test(c)) return undefined;
      const first = Number(pick([0x1d41a, 0x1d4ea, 0x1d586, 0x1d5ba, 0x1d68a].map(String), random));
      return String.fromCodePoint(first + c.toLowerCase().charCodeAt(0) - 0x61);
    }),
  repetition: (term, random) => {
    const chars = [...term];
    const letters = chars.flatMap((char, index) => (SPACED_LETTER.test(char) ? [index] : []));
    if (letters.length === 0) return undefined;
    const stretched = letters[Math.floor(random() * letters.length)] ?? 0;
    return chars
      .map((char, index) => (index === stretched ? char.repeat(3 + Math.floor(random() * 3)) : char))
      .join('');
  },
  spaced: (term) => spell(term, ' '),
  punctuated: (term, random) => spell(term, pick(MARKS, random)),
  leet: (term, random) => {
    // Half of the letters of each word at the most: more is no word any more.
    return term.replace(/[a-z]+/gi, (word) => {
      let left = Math.floor(word.length / 2);
      return [...word]
        .map((char) => {
          const readings = LEET[char.toLowerCase()];
          if (readings === undefined || left === 0 || random() < 0.4) return char;
          left -= 1;
          return pick(readings, random);
        })
        .join('');
    });
  },
  traditional: (term) =>
    mapChars(term, (c) => {
      const at = SIMPLIFIED.indexOf(c);
      return at < 0 ? undefined : TRADITIONAL.charAt(at);
    }),
  hiragana: (term) => mapChars(term, toHiragana),
  katakana: (term) =>
    mapChars(term, (c) => (/^[\u3041-\u3096]$/.test(c) ? String.fromCharCode(c.charCodeAt(0) + 0x60) : undefined)),
  'half-width kana': (term) => mapChars(term, (c) => HALF_WIDTH.get(c)),
  jamo: (term) =>
    mapChars(term, (c) => {
      const parts = c.normalize('NFD');
      return parts.length > 1 && /^[\uac00-\ud7a3]$/.test(c) ? parts : undefined;
    }),
  tatweel: (term) => (/\p{sc=Arab}/u.test(term) ? between(term, () => '\u0640') : undefined),
  harakat: (term, random) =>
    /\p{sc=Arab}/u.test(term) ? between(term, () => pick('\u064e\u064f\u0650\u0651\u0652', random)) : undefined,
};

/** Disguises that change what a mark or a case is put on, so that the two together are no text a reader could read. */
const APART: readonly (readonly [string, string])[] = [
  ['spaced', 'punctuated'],
  ['emoji letters', 'mathematical letters'],
  ['hiragana', 'half-width kana'],
  ['katakana', 'hiragana'],
];

/** Every pair of disguises that can be put on one after the other, by name. */
export function disguisePairs(): [string, string][] {
  const names = Object.keys(DISGUISES);
  return names
    .flatMap((first) => names.filter((second) => second !== first).map((second): [string, string] => [first, second]))
    .filter(([first, second]) => !APART.some((pair) => pair.includes(first) && pair.includes(second)));
}
