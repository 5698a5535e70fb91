import { coarseUnit, isUnspaced, SEMI_VOICED_MARK, SEPARATOR, sharedFold, VOICED_MARK } from '../text/index.js';
import type { FeatureKey } from './feature-key.js';

/** Value of a character that is no letter: it separates words and is otherwise passed over. */
export const GAP = 1;
/** Value of a character that is not even seen. */
export const NOTHING = 2;
/** Value of a character that is read as several letters; `several` has them. */
export const SEVERAL = 3;
/** Set in the value of a letter of a script without spaces, such as a Chinese character. */
export const UNSPACED_BIT = 1;
/** Smallest value of a letter. */
const FIRST_LETTER = 4;
/** Bits of a letter that the key decides. */
const LETTER_MASK = 0x7ffffffe;
const CODE_POINTS = 0x110000;

/** Signs that stand for a letter wherever they are, so that it does not depend on what is beside them. */
const SIGNS: ReadonlyMap<string, string> = new Map(
  ['@a', '$s', '€e', '£l', '¢c', '¥y'].map(([sign = '', letter = '']) => [sign, letter]),
);

/**
 * What characters are to features: folded as for the word lists, all readings of a look-alike as one (0 and o; 1, l and i),
 * each letter as a keyed value of 31 bits: with a 32nd, numbers would need a box. Spaces and marks do not count, nor do repetitions of a letter.
 */
export class Letters {
  readonly #key: FeatureKey;
  readonly #fold = sharedFold();
  /** By code point; 0 for one that did not come yet. The most that any flood of rare characters can fill: 4.5 MB. */
  readonly values = new Int32Array(CODE_POINTS);
  /** Only of code points that are read as several letters, which are some thousand. */
  readonly #several = new Map<number, readonly number[]>();

  constructor(key: FeatureKey) {
    this.#key = key;
  }

  /** Value of a code point: `GAP`, `NOTHING`, `SEVERAL`, or that of the one letter it is read as. */
  value(codePoint: number): number {
    const known = this.values[codePoint] as number;
    if (known !== 0) return known;
    const letters = this.#read(codePoint);
    const [first = NOTHING] = letters;
    const value = letters.length > 1 ? SEVERAL : first;
    if (value === SEVERAL) this.#several.set(codePoint, letters);
    this.values[codePoint] = value;
    return value;
  }

  /** The letters of a code point whose value is `SEVERAL`; `GAP` for what separates words among them. */
  several(codePoint: number): readonly number[] {
    return this.#several.get(codePoint) ?? [];
  }

  #read(codePoint: number): readonly number[] {
    const sign = SIGNS.get(String.fromCodePoint(codePoint).normalize('NFKC'));
    return this.#fold
      .units(sign === undefined ? codePoint : (sign.codePointAt(0) ?? codePoint))
      .filter((unit) => unit !== VOICED_MARK && unit !== SEMI_VOICED_MARK)
      .map((unit) => (unit === SEPARATOR ? GAP : this.#letter(coarseUnit(unit))));
  }

  #letter(unit: number): number {
    const value = (this.#key.letter(unit) & LETTER_MASK) | (isUnspaced(unit) ? UNSPACED_BIT : 0);
    return Math.max(value, FIRST_LETTER + (value & UNSPACED_BIT));
  }
}
