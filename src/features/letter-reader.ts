import { GAP, type Letters, SEVERAL, UNSPACED_BIT } from './letters.js';

/** Letters that are remembered; a power of two. */
export const RING_LETTERS = 2_048;
/** Words that are remembered; a power of two. */
export const RING_WORDS = 1_024;
/**
 * Most text that may be read at a time, UTF-16 units: with 18 letters to a unit at the most, and 6 words, whoever looks back 192
 * letters finds them all, however the text was cut.
 */
export const MAX_READ_CHARS = 64;

/**
 * Reads text in pieces and remembers its last letters and words. Letters and words have positions that go on from text to
 * text; what stands where does not depend on how a text was cut.
 */
export class LetterReader {
  /** Values of the letters, by position modulo the length. */
  readonly ring = new Int32Array(RING_LETTERS);
  /** Offset of the character of each letter, UTF-16 units. */
  readonly starts = new Uint32Array(RING_LETTERS);
  /** Offset behind it. */
  readonly ends = new Uint32Array(RING_LETTERS);
  /** Position of the first letter of each word, by number of the word modulo the length. */
  readonly words = new Int32Array(RING_WORDS);
  /** Offset at which each word begins, UTF-16 units. */
  readonly wordStarts = new Uint32Array(RING_WORDS);
  readonly #letters: Letters;
  #at = 1;
  #base = 1;
  #wordCount = 0;
  #offset = 0;
  #isBehindGap = true;
  /** First half of a surrogate pair whose other half has not come yet. */
  #half = 0;

  constructor(letters: Letters) {
    this.#letters = letters;
  }

  /** Position of the next letter. */
  get at(): number {
    return this.#at;
  }

  /** Position of the first letter of this text. */
  get base(): number {
    return this.#base;
  }

  /** Words of this text so far. */
  get wordCount(): number {
    return this.#wordCount;
  }

  /** Offset up to which the text was read, UTF-16 units; half a pair is not. */
  get offset(): number {
    return this.#offset;
  }

  /** Begins a text, at position `base` or behind what was read before. */
  reset(base = this.#at): void {
    this.#base = base;
    this.#at = base;
    this.#wordCount = 0;
    this.#offset = 0;
    this.#isBehindGap = true;
    this.#half = 0;
  }

  /** Reads the units `[from, to)` of a text, `MAX_READ_CHARS` at the most, which follow on those read before. */
  read(text: string, from: number, to: number): void {
    const { values } = this.#letters;
    for (let at = from; at < to; at += 1) {
      const unit = text.charCodeAt(at);
      const value = values[unit] as number;
      if (value > SEVERAL && this.#half === 0) {
        this.#offset += 1;
        this.#letter(value, this.#offset - 1);
      } else if (value === GAP && this.#half === 0 && (unit & 0xf800) !== 0xd800) {
        this.#offset += 1;
        this.#isBehindGap = true;
      } else this.#rare(unit);
    }
  }

  /** Reads the end of the text. */
  end(): void {
    if (this.#half === 0) return;
    this.#half = 0;
    this.#offset += 1;
  }

  /** Reads a unit that is half a pair, stands behind one, is more than a letter, or did not come yet. */
  #rare(unit: number): void {
    const half = this.#half;
    this.#half = 0;
    const start = this.#offset;
    if (half !== 0 && (unit & 0xfc00) === 0xdc00) {
      this.#offset = start + 2;
      this.#codePoint((half - 0xd800) * 0x400 + (unit - 0xdc00) + 0x10000, start);
      return;
    }
    // A half that stays alone separates words.
    if (half !== 0) {
      this.#offset = start + 1;
      this.#isBehindGap = true;
    }
    if ((unit & 0xfc00) === 0xd800) this.#half = unit;
    else {
      this.#offset += 1;
      this.#codePoint(unit, this.#offset - 1);
    }
  }

  #codePoint(codePoint: number, start: number): void {
    const value = this.#letters.value(codePoint);
    if (value > SEVERAL) this.#letter(value, start);
    else if (value === GAP) this.#isBehindGap = true;
    else if (value === SEVERAL) {
      for (const each of this.#letters.several(codePoint)) {
        if (each === GAP) this.#isBehindGap = true;
        else this.#letter(each, start);
      }
    }
  }

  #letter(value: number, start: number): void {
    const at = this.#at;
    const before = (at - 1) & (RING_LETTERS - 1);
    // Repetitions of a letter are not told from the letter alone, also over the border of words.
    const repeats = at > this.#base && this.ring[before] === value;
    if (this.#isBehindGap || (value & UNSPACED_BIT) !== 0) {
      const word = this.#wordCount & (RING_WORDS - 1);
      this.words[word] = repeats ? at - 1 : at;
      this.wordStarts[word] = start;
      this.#wordCount += 1;
      this.#isBehindGap = false;
    }
    if (repeats) return;
    const place = at & (RING_LETTERS - 1);
    this.ring[place] = value;
    this.starts[place] = start;
    this.ends[place] = this.#offset;
    this.#at = at + 1;
  }
}
