import { SIMPLIFIED, TRADITIONAL } from './tables/traditional.js';

/** Folded unit of a character that matching skips: zero-width, bidi controls, combining marks, variation selectors. */
export const IGNORABLE = 0;
/** Folded unit of a character that separates words. */
export const SEPARATOR = 1;

// Letters of other scripts that a reader takes for a Latin letter. Lower case only: upper case is folded first.
// Source: the intra-word entries of Unicode confusables (UTS #39) for Cyrillic and Greek, chosen by hand.
const LOOKALIKES = new Map<string, string>(
  Object.entries({
    а: 'a',
    е: 'e',
    о: 'o',
    р: 'p',
    с: 'c',
    у: 'y',
    х: 'x',
    і: 'i',
    ј: 'j',
    ѕ: 's',
    ԁ: 'd',
    һ: 'h',
    ԛ: 'q',
    ԝ: 'w',
    α: 'a',
    ο: 'o',
    ν: 'v',
    ι: 'i',
    ρ: 'p',
    υ: 'u',
    ı: 'i',
    ɡ: 'g',
    ʟ: 'l',
  }),
);

const COMBINING = /^\p{Mn}$/u;
// Vowel signs and tone marks of these scripts carry meaning, unlike a Latin accent.
const MEANINGFUL_MARK = /^[\p{sc=Deva}\p{sc=Beng}\p{sc=Thai}\p{sc=Taml}\p{sc=Telu}\u3099\u309A]$/u;
const INVISIBLE = /^(?:[\p{Default_Ignorable_Code_Point}\p{Cf}\u0640'\u2019\u02BC]|\u20E3)$/u;
const WORD = /^[\p{L}\p{N}\p{M}]$/u;

function foldUncached(codePoint: number): number {
  const char = String.fromCodePoint(codePoint);
  if (INVISIBLE.test(char)) return IGNORABLE;
  if (COMBINING.test(char) && !MEANINGFUL_MARK.test(char)) return IGNORABLE;
  // Regional indicators and squared letters stand for the letter they show.
  if (codePoint >= 0x1f1e6 && codePoint <= 0x1f1ff) return 0x61 + codePoint - 0x1f1e6;
  if (codePoint >= 0x1f170 && codePoint <= 0x1f189) return 0x61 + codePoint - 0x1f170;
  if (codePoint >= 0x1f150 && codePoint <= 0x1f169) return 0x61 + codePoint - 0x1f150;
  if (!WORD.test(char) && !/^\p{So}$/u.test(char)) return SEPARATOR;
  const isHangul = codePoint >= 0xac00 && codePoint <= 0xd7a3;
  const decomposed = isHangul ? char : char.normalize('NFKD');
  const letters = [...decomposed.toLowerCase()].filter((c) => !COMBINING.test(c) || MEANINGFUL_MARK.test(c));
  // A kana with its voiced mark must stay one letter: composed again, it is.
  const recomposed = [...letters.join('').normalize('NFC')];
  const first = recomposed.length === 1 ? recomposed[0] : undefined;
  const folded = first ?? char.toLowerCase();
  const kana = toKatakana(toSimplified(folded.codePointAt(0) ?? codePoint));
  const letter = LOOKALIKES.get(String.fromCodePoint(kana)) ?? String.fromCodePoint(kana);
  if (!WORD.test(letter)) return SEPARATOR;
  const unit = letter.codePointAt(0) ?? codePoint;
  // Folded until stable, so that folding twice is folding once.
  return unit === codePoint ? unit : foldUncached(unit);
}

function toSimplified(codePoint: number): number {
  if (codePoint < 0x3400 || codePoint > 0x9fff) return codePoint;
  // Every entry is one UTF-16 unit. A search is affordable: each code point is folded once per table.
  const index = TRADITIONAL.indexOf(String.fromCharCode(codePoint));
  return index < 0 ? codePoint : SIMPLIFIED.charCodeAt(index);
}

function toKatakana(codePoint: number): number {
  return codePoint >= 0x3041 && codePoint <= 0x3096 ? codePoint + 0x60 : codePoint;
}

const NOT_YET = 0xffff_ffff;

/**
 * Returns a function from code point to folded unit: `IGNORABLE`, `SEPARATOR`, or the code point of the letter it is
 * read as (lower case, no accent, full width as half width, katakana, look-alikes as Latin). Total on every code point.
 * Each code point is folded once and remembered; a call costs one array read after that.
 */
export function createFold(): (codePoint: number) => number {
  const basic = new Uint32Array(0x10000).fill(NOT_YET);
  const others = new Map<number, number>();
  return (codePoint) => {
    if (codePoint < 0x10000) {
      const known = basic[codePoint] ?? NOT_YET;
      if (known !== NOT_YET) return known;
      // A lone surrogate is no letter: it separates, as the replacement character it is shown as would.
      const unit = codePoint >= 0xd800 && codePoint <= 0xdfff ? SEPARATOR : foldUncached(codePoint);
      basic[codePoint] = unit;
      return unit;
    }
    let unit = others.get(codePoint);
    if (unit === undefined) {
      unit = foldUncached(codePoint);
      others.set(codePoint, unit);
    }
    return unit;
  };
}

/** Whether a folded unit belongs to a script written without spaces (Han, kana): such letters are words of their own. */
export function isUnspaced(unit: number): boolean {
  return (
    (unit >= 0x2e80 && unit <= 0x9fff && !(unit >= 0x3130 && unit <= 0x318f)) ||
    (unit >= 0xf900 && unit <= 0xfaff) ||
    unit >= 0x20000
  );
}

// Digits and symbols that are read as letters inside a word. i and l share readings, so the automaton merges them.
const LEET_LETTERS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'il',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '@': 'a',
  $: 's',
  '!': 'il',
  '|': 'il',
};

/** Symbols that are a letter when letters stand on both sides, and a separator otherwise. */
export const LEET_SYMBOLS: ReadonlySet<number> = new Set(['@', '$', '!', '|'].map((c) => c.charCodeAt(0)));

const COARSE = new Map<number, number>();
const LEET = new Map<number, ReadonlySet<number>>();
for (const [glyph, letters] of Object.entries(LEET_LETTERS)) {
  const code = glyph.charCodeAt(0);
  LEET.set(code, new Set([...letters].map((c) => c.charCodeAt(0))));
  const first = letters.charCodeAt(0);
  COARSE.set(code, first);
}
COARSE.set('l'.charCodeAt(0), 'i'.charCodeAt(0));

/** Returns the letter that stands for every unit sharing a reading with `unit` (1, !, |, l and i are one). */
export function coarseUnit(unit: number): number {
  return COARSE.get(unit) ?? unit;
}

/** Whether a unit of the text can be read as a unit of a term. */
export function reads(textUnit: number, termUnit: number): boolean {
  return textUnit === termUnit || (LEET.get(textUnit)?.has(termUnit) ?? false);
}

/** Whether the unit is a digit read as a letter by convention. */
export function isLeetDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39 && LEET.has(unit);
}
