import { I_OR_L, IGNORABLE, SEMI_VOICED_MARK, SEPARATOR, sharedFold, VOICED_MARK } from './fold.js';

const SMALL_I = 0x69;

/**
 * Returns a function from code point to the one unit it is read as: `IGNORABLE`, `SEPARATOR`, or a letter. The reading
 * for a classifier, which wants one feature for one character: a capital I is an i, and a Hangul syllable stays whole.
 */
export function createFold(): (codePoint: number) => number {
  const fold = sharedFold();
  /** Unit of a UTF-16 unit plus one; 0 until it was asked for. */
  const basic = new Int32Array(0x10000);
  const others = new Map<number, number>();
  return (codePoint) => {
    const known = codePoint < 0x10000 ? (basic[codePoint] as number) - 1 : (others.get(codePoint) ?? -1);
    if (known >= 0) return known;
    const unit = plainUnit(fold.units(codePoint), codePoint);
    if (codePoint < 0x10000) basic[codePoint] = unit + 1;
    else others.set(codePoint, unit);
    return unit;
  };
}

function plainUnit(units: readonly number[], codePoint: number): number {
  const [first = IGNORABLE] = units;
  if (first === VOICED_MARK || first === SEMI_VOICED_MARK) return IGNORABLE;
  if (first === I_OR_L) return SMALL_I;
  const isSyllable = codePoint >= 0xac00 && codePoint <= 0xd7a3;
  return isSyllable && first !== SEPARATOR ? codePoint : first;
}
