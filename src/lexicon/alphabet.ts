import {
  coarseUnit,
  IGNORABLE,
  isUnspaced,
  JOINERS,
  LEET_SYMBOLS,
  SEMI_VOICED_MARK,
  SEPARATOR,
  sharedFold,
  VOICED_MARK,
} from '../text/index.js';
import { CELL } from './cells.js';

/** Class of a code unit that was not looked up yet. */
export const UNSEEN = 0;
/** Class of a character that matching skips. */
export const SKIP = 1;
/** Class of a character that is read as several units. */
export const EXPAND = 2;
/** Class of a high surrogate. */
export const SURROGATE = 3;
/** Class of a symbol that is read as a letter and as a separator. */
export const LEET = 4;
/** Class of a mark that is read as a separator and as nothing. */
export const JOINER = 5;
/** Class of a voiced sound mark, which changes the letter before it. */
export const MARK = 6;
/** Classes from here on are read in one way, as one symbol. */
export const FIRST_PLAIN = 64;

/** Bits of a plain class that hold the symbol, multiplied by `CELL`. */
export const STEP_MASK = 0x3ffff;
/** Bit of a plain class whose letters are written without spaces. */
export const UNSPACED_BIT = 1 << 18;

/** Characters that are shown as part of the one before: marks, vowels and tails of a Hangul syllable in parts. */
const EXTENDS = /^[\p{M}\p{Emoji_Modifier}\u1160-\u11ff]$/u;

/** Symbol of a separator. */
export const SEPARATOR_SYMBOL = 16;
/** Symbol of every letter that no pattern holds. */
export const UNKNOWN_SYMBOL = 17;
const FIRST_SYMBOL = 18;
/** Class of a separator. */
export const SEPARATOR_CLASS = SEPARATOR_SYMBOL * CELL;

/**
 * The alphabet of one automaton. A symbol is a coarse unit: units that share a reading are one. A class is a symbol, and
 * whether its letter is written without spaces.
 */
export class Alphabet {
  readonly fold = sharedFold();
  /** Class by UTF-16 unit; `UNSEEN` until asked for, so that nothing is computed for characters that never come. */
  readonly classes = new Int32Array(0x10000);
  /** Fine unit by UTF-16 unit, where `classes` holds a plain class. */
  readonly unitOf = new Uint32Array(0x10000);
  readonly #symbols = new Map<number, number>([[SEPARATOR, SEPARATOR_SYMBOL]]);
  readonly #expansions = new Map<number, Uint32Array>();
  readonly #supplementary = new Map<number, number>();

  /** Makes the symbols of `units` in that order. */
  constructor(units: Iterable<number> = []) {
    for (const unit of units) this.symbolFor(unit);
  }

  /** Coarse units in the order of their symbols, the separator left out: what `new Alphabet` makes the same symbols of. */
  get units(): number[] {
    return [...this.#symbols.keys()].slice(1);
  }

  /** Symbol of a unit of a pattern, made when it is new. */
  symbolFor(unit: number): number {
    const coarse = coarseUnit(unit);
    let symbol = this.#symbols.get(coarse);
    if (symbol === undefined) {
      symbol = FIRST_SYMBOL + this.#symbols.size - 1;
      this.#symbols.set(coarse, symbol);
    }
    return symbol;
  }

  /** Symbol of a unit of a text; one that no pattern holds when the unit is in none. */
  symbolOf(unit: number): number {
    return this.#symbols.get(coarseUnit(unit)) ?? UNKNOWN_SYMBOL;
  }

  /** Class of a code point, with what the special classes need kept for `expansion`. */
  classOf(codePoint: number): number {
    const isBasic = codePoint < 0x10000;
    const known = isBasic ? (this.classes[codePoint] ?? UNSEEN) : (this.#supplementary.get(codePoint) ?? UNSEEN);
    if (known !== UNSEEN) return known;
    const found = this.#classify(codePoint);
    if (isBasic) {
      this.classes[codePoint] = found;
      if (found >= FIRST_PLAIN) this.unitOf[codePoint] = this.fold.unit(codePoint);
    } else this.#supplementary.set(codePoint, found);
    return found;
  }

  /** Plain classes that a character of class `EXPAND` or `LEET` is read as. */
  expansion(codePoint: number): Uint32Array {
    return this.#expansions.get(codePoint) ?? new Uint32Array(0);
  }

  /** The text without the characters that matching skips. */
  withoutSkipped(text: string): string {
    return [...text].filter((char) => !isSkipped(this.classOf(char.codePointAt(0) ?? 0))).join('');
  }

  /** Index of the first character from `from` on, before `until`, that belongs to no character before it; -1 when there is none. */
  findNextCharacter(text: string, from: number, until: number): number {
    for (let at = from; at < until; ) {
      const codePoint = text.codePointAt(at) ?? 0;
      if (!isSkipped(this.classOf(codePoint)) && !EXTENDS.test(String.fromCodePoint(codePoint))) return at;
      at += codePoint > 0xffff ? 2 : 1;
    }
    return -1;
  }

  #classify(codePoint: number): number {
    if (LEET_SYMBOLS.has(codePoint)) {
      this.#expansions.set(codePoint, Uint32Array.of(this.#plain(codePoint)));
      return LEET;
    }
    if (JOINERS.has(codePoint)) return JOINER;
    if (codePoint >= 0xd800 && codePoint <= 0xdbff) return SURROGATE;
    const units = this.fold.units(codePoint);
    const [first = IGNORABLE] = units;
    if (units.length === 0) return SKIP;
    if (first === VOICED_MARK || first === SEMI_VOICED_MARK) return MARK;
    if (units.length === 1) return this.#plain(first);
    this.#expansions.set(
      codePoint,
      Uint32Array.from(units, (unit) => this.#plain(unit)),
    );
    return EXPAND;
  }

  #plain(unit: number): number {
    return this.symbolOf(unit) * CELL + (isUnspaced(unit) ? UNSPACED_BIT : 0);
  }
}

/** Whether matching skips a character of that class. */
export function isSkipped(found: number): boolean {
  return found === SKIP || found === MARK;
}
