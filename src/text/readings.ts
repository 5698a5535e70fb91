import { I_OR_L } from './fold.js';

/** Digits that are read as letters inside a word, and the letters each is read as. */
const DIGITS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'il',
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '8': 'b',
  '9': 'g',
};

/** Symbols that are read as letters beside a letter, and as separators too. */
const SYMBOLS: Readonly<Record<string, string>> = {
  '@': 'a',
  $: 's',
  '!': 'il',
  '|': 'il',
  '€': 'e',
  '£': 'l',
  '¢': 'c',
  '¥': 'y',
};

/** First of the full-width forms of ASCII. */
const FULL_WIDTH = 0xff00;

const unitOf = (char: string): number => char.codePointAt(0) ?? 0;

/** A printable ASCII character with its full-width form; other characters alone. */
const withFullWidth = (char: string): string[] =>
  /^[!-~]$/.test(char) ? [char, String.fromCodePoint(unitOf(char) + 0xfee0)] : [char];

const READINGS = new Map<number, ReadonlySet<number>>([
  ...Object.entries({ ...DIGITS, ...SYMBOLS }).flatMap(([glyph, letters]) =>
    withFullWidth(glyph).map((char) => [unitOf(char), new Set([...letters].map(unitOf))] as const),
  ),
  [I_OR_L, new Set([unitOf('i'), unitOf('l')])] as const,
]);

const COARSE = new Map<number, number>([[unitOf('l'), unitOf('i')]]);
for (const [glyph, letters] of READINGS) {
  const [first] = letters;
  if (first !== undefined) COARSE.set(glyph, COARSE.get(first) ?? first);
}

/** Symbols that are a letter or a separator: the matcher reads them both ways. */
export const LEET_SYMBOLS: ReadonlySet<number> = new Set(Object.keys(SYMBOLS).flatMap(withFullWidth).map(unitOf));

/** Marks that a disguise puts between the letters of a word; the matcher reads them as a separator and as nothing. */
export const JOINERS: ReadonlySet<number> = new Set(
  [...'.-_*·~^=`"/\\,:;#%•‐‑‒–—・'].flatMap(withFullWidth).map(unitOf),
);

/** Whether a separator is a space, which may stand between the characters of a word in scripts written without spaces. */
export function isSpace(codePoint: number): boolean {
  return codePoint === 0x20 || codePoint === 0x3000 || codePoint === 0xa0 || codePoint === 0x09;
}

/** Whether a unit of the text can be read as a unit of a term. */
export function reads(textUnit: number, termUnit: number): boolean {
  return textUnit === termUnit || (READINGS.get(textUnit)?.has(termUnit) ?? false);
}

/** Whether the unit is a digit. */
export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

const VOICED = new Map<number, number>();
const BASE = new Map<number, number>();
for (let unit = 0x30a1; unit <= 0x30fe; unit += 1) {
  const [base = 0, mark] = [...String.fromCodePoint(unit).normalize('NFD')].map(unitOf);
  if (mark === undefined) continue;
  BASE.set(unit, base);
  VOICED.set(base * 2 + (mark === 0x3099 ? 0 : 1), unit);
}

/** The kana without its voiced mark; other units stay. */
export function baseKana(unit: number): number {
  return BASE.get(unit) ?? unit;
}

/** The kana that `unit` and a voiced sound mark after it make, or `undefined` when they make none. */
export function withVoicedMark(unit: number, mark: number): number | undefined {
  return VOICED.get(unit * 2 + (mark === 0x3099 ? 0 : 1));
}

/** No unit from here on shares a reading with another. */
const FIRST_ALONE = 0x3100;
/** Coarse unit of every unit below `FIRST_ALONE`: looked up for every letter of a match. */
const coarseUnits = Uint32Array.from({ length: FIRST_ALONE }, (_, unit) => baseKana(COARSE.get(unit) ?? unit));

/** The letter that stands for every unit sharing a reading with `unit`: 1, I, l and i are one. */
export function coarseUnit(unit: number): number {
  if (unit < FIRST_ALONE) return coarseUnits[unit] as number;
  return unit < FULL_WIDTH ? unit : (COARSE.get(unit) ?? unit);
}
