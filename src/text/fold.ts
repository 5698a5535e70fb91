import { LOOKALIKES, READ_AS } from './tables/lookalikes.js';
import { SIMPLIFIED, TRADITIONAL } from './tables/traditional.js';

/** Folded unit of a character that matching skips: zero-width, bidi controls, combining marks, variation selectors. */
export const IGNORABLE = 0;
/** Folded unit of a character that separates words. */
export const SEPARATOR = 1;
/** The sign that reads as i or l: capital I and its look-alikes. */
export const I_OR_L = 0x4cf;
/** Folded unit of a voiced sound mark that stands after its kana: it joins the unit before it. */
export const VOICED_MARK = 0x3099;
/** As `VOICED_MARK`, for the semi-voiced mark. */
export const SEMI_VOICED_MARK = 0x309a;

const COMBINING = /^\p{M}$/u;
// Vowel signs and tone marks of these scripts carry meaning, unlike a Latin accent.
const MEANINGFUL_MARK = /^[\p{sc=Deva}\p{sc=Beng}\p{sc=Thai}\p{sc=Taml}\p{sc=Telu}]$/u;
const INVISIBLE =
  /^(?:[\p{Emoji_Modifier}\p{Default_Ignorable_Code_Point}\p{Cf}\u0640'\u2018\u2019\u201b\u02BC\u02B9\uff07]|\u20E3)$/u;
const WORD = /^[\p{L}\p{N}\p{M}]$/u;

const HANGUL_FIRST = 0xac00;
const HANGUL_LAST = 0xd7a3;
/** Compatibility jamo of the 19 leads, 21 vowels and 27 tails of a syllable; a compound tail is two letters. */
const LEADS = 'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ';
const VOWELS = 'ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ';
const TAILS =
  ' ㄱ ㄲ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅁ ㅂ ㅂㅅ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ'.split(' ');

/** Code points beyond the basic plane that are remembered: far more than any text has that is one. */
const MAX_OTHERS = 16_384;

let shared: Fold | undefined;

/** The one fold of this process: it depends on nothing, and what it remembers serves whoever asks. */
export function sharedFold(): Fold {
  shared ??= new Fold();
  return shared;
}

/** Folds code points; remembers its answers, so that a code point is seldom worked out twice. */
export class Fold {
  readonly #basic: (readonly number[] | undefined)[] = new Array(0x10000);
  readonly #others = new Map<number, readonly number[]>();
  readonly #lookalikes: ReadonlyMap<string, string>;
  readonly #simplified: ReadonlyMap<string, string>;

  constructor() {
    const readings = READ_AS.split(' ');
    this.#lookalikes = new Map([...LOOKALIKES].map((char, index) => [char, readings[index] ?? char]));
    this.#simplified = new Map([...TRADITIONAL].map((char, index) => [char, SIMPLIFIED.charAt(index)]));
  }

  /**
   * The units a code point is read as: none for one that matching skips, `[SEPARATOR]`, or the letters it shows (lower
   * case, no accent, half width, katakana, look-alikes as Latin, jamo of a Hangul syllable). Total on every code point.
   */
  units(codePoint: number): readonly number[] {
    const known = codePoint < 0x10000 ? this.#basic[codePoint] : this.#others.get(codePoint);
    if (known !== undefined) return known;
    const units = this.#fold(codePoint);
    if (codePoint < 0x10000) this.#basic[codePoint] = units;
    else {
      // A flood of rare characters must not fill the memory.
      if (this.#others.size >= MAX_OTHERS) this.#others.clear();
      this.#others.set(codePoint, units);
    }
    return units;
  }

  /** The one unit of a code point that has at most one, else the first: `IGNORABLE`, `SEPARATOR` or a letter. */
  unit(codePoint: number): number {
    return this.units(codePoint)[0] ?? IGNORABLE;
  }

  #fold(codePoint: number): readonly number[] {
    // A lone surrogate is no letter: it separates, as the replacement character it is shown as would.
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) return [SEPARATOR];
    const char = String.fromCodePoint(codePoint);
    const mark = voicedMark(codePoint);
    if (mark !== undefined) return [mark];
    if (INVISIBLE.test(char)) return [];
    if (COMBINING.test(char) && !MEANINGFUL_MARK.test(char)) return [];
    // Regional indicators and squared or circled letters stand for the letter they show.
    if (codePoint >= 0x1f1e6 && codePoint <= 0x1f1ff) return this.#letter(0x61 + codePoint - 0x1f1e6);
    for (const first of [0x1f130, 0x1f150, 0x1f170]) {
      if (codePoint >= first && codePoint <= first + 25) return this.#letter(0x61 + codePoint - first);
    }
    const jamo = toJamo(codePoint);
    if (jamo !== undefined) return [...jamo].map((letter) => letter.charCodeAt(0));
    if (!WORD.test(char) && !/^\p{So}$/u.test(char)) return [SEPARATOR];
    if (this.#lookalikes.has(char)) return this.#letter(codePoint);
    const units: number[] = [];
    for (const part of decompose(char)) {
      for (const unit of this.#letters(part)) {
        // What surrounds the letters of a compatibility character, as brackets do, is no part of it.
        if (unit !== SEPARATOR || units.length > 0) units.push(unit);
      }
    }
    while (units.at(-1) === SEPARATOR) units.pop();
    return units.length > 0 ? units : [SEPARATOR];
  }

  /** Units of one decomposed character. */
  #letters(char: string): readonly number[] {
    const codePoint = char.codePointAt(0) ?? 0;
    const mark = voicedMark(codePoint);
    if (mark !== undefined) return [mark];
    const jamo = toJamo(codePoint);
    if (jamo !== undefined) return [...jamo].map((letter) => letter.charCodeAt(0));
    if (INVISIBLE.test(char)) return [];
    if (COMBINING.test(char)) return MEANINGFUL_MARK.test(char) ? [codePoint] : [];
    if (!WORD.test(char)) return [SEPARATOR];
    return this.#letter(codePoint);
  }

  #letter(codePoint: number): readonly number[] {
    // A capital I looks like a small l, so that it may be meant as either.
    if (codePoint === 0x49) return [I_OR_L];
    const char = String.fromCodePoint(codePoint);
    const own = this.#lookalikes.get(char);
    const readAs = own ?? [...char.toLowerCase()].map((part) => this.#lookalikes.get(part) ?? part).join('');
    return [...readAs]
      .filter((part) => !COMBINING.test(part) || MEANINGFUL_MARK.test(part))
      .map((part) => toKatakana((this.#simplified.get(part) ?? part).codePointAt(0) ?? codePoint));
  }
}

/** Letters that are no variants of the letter they decompose into: a kana with its voiced mark, the Russian short i. */
const WHOLE = /[\u3040-\u30ff][\u3099\u309a]|[\u0438\u0418]\u0306/g;

/** Compatibility decomposition, except that whole letters stay whole. */
function decompose(char: string): string[] {
  return [...char.normalize('NFKD').replace(WHOLE, (letter) => letter.normalize('NFC'))];
}

function voicedMark(codePoint: number): number | undefined {
  if (codePoint === 0x3099 || codePoint === 0x309b || codePoint === 0xff9e) return VOICED_MARK;
  return codePoint === 0x309a || codePoint === 0x309c || codePoint === 0xff9f ? SEMI_VOICED_MARK : undefined;
}

/** Letters of a Hangul syllable or of a conjoining jamo, as compatibility jamo; `undefined` for other characters. */
function toJamo(codePoint: number): string | undefined {
  if (codePoint >= HANGUL_FIRST && codePoint <= HANGUL_LAST) {
    const index = codePoint - HANGUL_FIRST;
    const tail = index % 28;
    const vowel = Math.floor(index / 28) % 21;
    return LEADS.charAt(Math.floor(index / 588)) + VOWELS.charAt(vowel) + (tail === 0 ? '' : (TAILS[tail] ?? ''));
  }
  if (codePoint >= 0x1100 && codePoint < 0x1113) return LEADS.charAt(codePoint - 0x1100);
  if (codePoint >= 0x1161 && codePoint < 0x1176) return VOWELS.charAt(codePoint - 0x1161);
  if (codePoint >= 0x11a8 && codePoint < 0x11c3) return TAILS[codePoint - 0x11a7];
  // Compound consonants that were typed as one letter.
  const compound = 'ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ'.indexOf(String.fromCodePoint(codePoint));
  if (compound >= 0) return 'ㄱㅅ ㄴㅈ ㄴㅎ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅂㅅ'.split(' ')[compound];
  return undefined;
}

function toKatakana(codePoint: number): number {
  return codePoint >= 0x3041 && codePoint <= 0x3096 ? codePoint + 0x60 : codePoint;
}

/** Whether a folded unit belongs to a script written without spaces (Han, kana): such letters are words of their own. */
export function isUnspaced(unit: number): boolean {
  return (
    (unit >= 0x2e80 && unit <= 0x9fff && !(unit >= 0x3130 && unit <= 0x318f)) ||
    (unit >= 0xf900 && unit <= 0xfaff) ||
    unit >= 0x20000
  );
}
