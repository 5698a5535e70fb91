import {
  type Fold,
  IGNORABLE,
  isDigit,
  LEET_SYMBOLS,
  reads,
  SEMI_VOICED_MARK,
  SEPARATOR,
  VOICED_MARK,
  withVoicedMark,
} from '../text/index.js';
import type { Pattern } from './pattern.js';

/** What may lie between a term and how a text writes it. */
export const FOLD_NAMES = [
  'case',
  'width',
  'diacritics',
  'look-alike',
  'invisible characters',
  'ignored marks',
  'repeated letters',
  'leet',
  'spelled out',
  'joined by marks',
  'traditional',
  'kana',
  'jamo',
  'ligature',
] as const;

/** What may lie between a term and how a text writes it. */
export type FoldName = (typeof FOLD_NAMES)[number];

interface ReadChar {
  /** The character, with a voiced mark that belongs to it. */
  readonly char: string;
  /** `IGNORABLE` for what matching skips. */
  unit: number;
}

const MARKS = /^['\u2019\u02bc\u0640]$/u;

/** Names of the folds by which `written`, the text of a match of `pattern`, is read as its phrase, in the order of `FOLD_NAMES`. */
export function foldsOf(
  written: string,
  { pattern, spelled, fold }: { readonly pattern: Pattern; readonly spelled: boolean; readonly fold: Fold },
): FoldName[] {
  const found = new Set<FoldName>(spelled ? ['spelled out'] : []);
  const phraseChars = pattern.units.map((): string[] => []);
  for (const { char, index } of align(pattern.phrase.text, pattern, fold)) phraseChars[index ?? -1]?.push(char);
  const counts = new Map<number, number>();
  for (const { char, unit, index } of align(written, pattern, fold)) {
    if (index === undefined) {
      if (unit !== IGNORABLE) found.add(spelled || /\s/u.test(char) ? 'spelled out' : 'joined by marks');
      else if (!phraseChars.some((chars) => chars.includes(char))) found.add(skippedFold(char));
      continue;
    }
    const wanted = pattern.units[index] ?? SEPARATOR;
    if (wanted === SEPARATOR) continue;
    counts.set(index, (counts.get(index) ?? 0) + 1);
    if ((counts.get(index) ?? 0) > (pattern.runs[index] ?? 1)) found.add('repeated letters');
    if ((phraseChars[index] ?? []).includes(char)) continue;
    if (unit !== wanted && (isDigit(unit) || LEET_SYMBOLS.has(unit))) found.add('leet');
    else for (const name of letterFolds(char, phraseChars[index]?.[0] ?? '')) found.add(name);
  }
  return FOLD_NAMES.filter((name) => found.has(name));
}

/** Characters of a text with the unit of the pattern that each stands for; none for what stands between two units. */
function* align(
  text: string,
  { units, runs }: Pattern,
  fold: Fold,
): Generator<ReadChar & { readonly index: number | undefined }> {
  let at = -1;
  let count = 0;
  for (const { char, unit } of readChars(text, fold)) {
    const fits = (index: number): boolean => index >= 0 && index < units.length && reads(unit, units[index] ?? 0);
    let next = at + 1;
    // A word edge of the pattern may be nothing in the text: the start, or a change of script.
    if (units[next] === SEPARATOR && unit !== SEPARATOR && unit !== IGNORABLE && !fits(at)) next += 1;
    const mayStay = fits(at);
    if (unit !== IGNORABLE && mayStay && (count < (runs[at] ?? 1) || !fits(next))) {
      count += 1;
      yield { char, unit, index: at };
    } else if (unit !== IGNORABLE && fits(next)) {
      at = next;
      count = 1;
      yield { char, unit, index: at };
    } else yield { char, unit, index: undefined };
  }
}

function readChars(text: string, fold: Fold): ReadChar[] {
  const chars: ReadChar[] = [];
  for (const char of text) {
    const codePoint = char.codePointAt(0) ?? 0;
    const units = LEET_SYMBOLS.has(codePoint) ? [codePoint] : fold.units(codePoint);
    if (units.length === 0) chars.push({ char, unit: IGNORABLE });
    for (const unit of units) {
      const last = chars.at(-1);
      const voiced =
        last !== undefined && (unit === VOICED_MARK || unit === SEMI_VOICED_MARK)
          ? withVoicedMark(last.unit, unit)
          : undefined;
      if (voiced === undefined || last === undefined) chars.push({ char, unit });
      else chars[chars.length - 1] = { char: last.char + char, unit: voiced };
    }
  }
  return chars;
}

function skippedFold(char: string): FoldName {
  if (MARKS.test(char)) return 'ignored marks';
  return /^\p{M}$/u.test(char) && !/^\p{Default_Ignorable_Code_Point}$/u.test(char)
    ? 'diacritics'
    : 'invisible characters';
}

/** Folds that make the letter `char` of a text the letter `wanted` of a phrase. */
function letterFolds(char: string, wanted: string): FoldName[] {
  const folds: FoldName[] = [];
  let letter = char;
  if (/[\uff00-\uffef]/u.test(letter)) {
    letter = letter.normalize('NFKC');
    folds.push('width');
  }
  const same = (change: (text: string) => string): boolean => change(letter) === change(wanted);
  if (same((text) => text.normalize('NFKC')) && same((text) => text.normalize('NFC'))) return folds;
  if (/\p{L}{2}/u.test(letter.normalize('NFKD')) && !/\p{sc=Hangul}/u.test(letter)) return [...folds, 'ligature'];
  if (same(lower)) return [...folds, 'case'];
  if (same((text) => lower(bare(text)))) {
    return [...folds, ...(same(bare) ? [] : (['case'] as const)), 'diacritics'];
  }
  if (/\p{sc=Hangul}/u.test(letter)) return [...folds, 'jamo'];
  if (/[\p{sc=Hira}\p{sc=Kana}]/u.test(letter)) return [...folds, 'kana'];
  if (/\p{sc=Han}/u.test(letter) && /\p{sc=Han}/u.test(wanted)) return [...folds, 'traditional'];
  return [...folds, 'look-alike'];
}

function lower(text: string): string {
  return text.toLowerCase();
}

function bare(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '');
}
