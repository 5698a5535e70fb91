import { IGNORABLE, isUnspaced, SEPARATOR } from '../text/index.js';

// Imported bindings are read through an accessor in some module formats; these are read for every character.
const [SKIPPED, EDGE, unspaced] = [IGNORABLE, SEPARATOR, isUnspaced];

/** Buckets of n-grams; a power of two. Bucket 0 is never emitted: it pads. */
export const GRAM_BUCKETS = 1 << 17;
/** Buckets of words of spaced scripts; a power of two. Bucket 0 pads. */
export const SPACED_BUCKETS = 1 << 16;
const UNSPACED_BUCKETS = 1 << 15;
/** Buckets of words, those of Chinese and Japanese characters and pairs behind the others: they must not share pretrained vectors. */
export const WORD_BUCKETS = SPACED_BUCKETS + UNSPACED_BUCKETS;

const MAX_WORD_UNITS = 40;
const MAX_MARKS = 4;
const BOUNDARY = 1;
const FNV_PRIME = 0x01000193;
const WORD_SEED = 0x811c9dc5;
const PAIR_SEED = 0x2f0b4a17;
const SKIP_SEED = 0x1b56c4e9;
const PART_SEED = 0x51ed270b;
const CJK_SEED = 0x7a3d91c3;

/** Letters that digits and symbols inside a word are read as; 0 where there is none. */
const LEET = new Uint8Array(128);
for (const [glyph, letter] of ['0o', '1i', '3e', '4a', '5s', '7t', '@a', '$s', '!i', '|i'].map((pair) => [...pair])) {
  LEET[glyph?.charCodeAt(0) ?? 0] = letter?.charCodeAt(0) ?? 0;
}
const STAR = 42;
/** Behind the digits. */
const FIRST_NO_DIGIT = 58;

/** Folding from code point to unit, as `createFold` makes it. */
export type Fold = (codePoint: number) => number;

function mix(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, FNV_PRIME);
}

function spread(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return once ^ (once >>> 13);
}

/** Bucket of a word given as folded units. */
export function wordBucket(units: ArrayLike<number>): number {
  let hash = WORD_SEED;
  for (let at = 0; at < units.length; at++) hash = mix(hash, units[at] ?? 0);
  return wordBucketOf(hash);
}

function wordBucketOf(hash: number): number {
  return spread(hash) & (SPACED_BUCKETS - 1) || 1;
}

function gramBucketOf(hash: number): number {
  return spread(hash) & (GRAM_BUCKETS - 1) || 1;
}

function unspacedBucketOf(hash: number): number {
  return SPACED_BUCKETS + (spread(hash) & (UNSPACED_BUCKETS - 1));
}

/**
 * Turns text into hashed features as it arrives. N-grams: words, word pairs, pairs with one word between, character 3-5-grams inside
 * words, character 1-3-grams of Chinese and Japanese. Words: each word, each Chinese or Japanese character and pair. Letters are
 * folded as for the lists, so that disguised text meets the same buckets. The split into pieces never changes the features.
 */
export class TextEncoder {
  /** Buckets since the last `clear`; the first `gramCount` count. */
  grams = new Int32Array(512);
  gramCount = 0;
  /** Buckets since the last `clear`; the first `wordCount` count. */
  words = new Int32Array(128);
  wordCount = 0;
  /** Units of the open word, from index 1 on, so that there is room for a boundary on both sides. */
  readonly #word = new Int32Array(MAX_WORD_UNITS + 2);
  readonly #fold: Fold;
  #length = 0;
  #marks = new Int32Array(MAX_MARKS);
  #markCount = 0;
  #previous = 0;
  #beforePrevious = 0;
  #cjk1 = 0;
  #cjk2 = 0;
  #highSurrogate = 0;
  #stretched = 0;

  /** `fold` is the folding of the lists, from code point to folded unit. */
  constructor(fold: Fold) {
    this.#fold = fold;
  }

  /** Adds a piece of text; the last word stays open until something ends it. */
  append(piece: string): void {
    for (let at = 0; at < piece.length; at++) {
      let code = piece.charCodeAt(at);
      if (code >= 0xd800 && code <= 0xdfff) {
        if (code <= 0xdbff) {
          this.#highSurrogate = code;
          continue;
        }
        if (this.#highSurrogate === 0) continue;
        code = ((this.#highSurrogate - 0xd800) << 10) + (code - 0xdc00) + 0x10000;
      }
      this.#highSurrogate = 0;
      this.#add(code);
    }
  }

  /** Forgets everything: ready for another text. */
  reset(): void {
    this.clear();
    this.#length = 0;
    this.#markCount = 0;
    this.#previous = 0;
    this.#beforePrevious = 0;
    this.#cjk1 = 0;
    this.#cjk2 = 0;
    this.#highSurrogate = 0;
    this.#stretched = 0;
  }

  /** Forgets the features handed over, not the open word. */
  clear(): void {
    this.gramCount = 0;
    this.wordCount = 0;
  }

  /** Adds the features of the open word without closing it; they are emitted again when it closes. */
  peek(): void {
    if (this.#length === 0) return;
    const previous = this.#previous;
    const beforePrevious = this.#beforePrevious;
    this.#emitWord();
    this.#previous = previous;
    this.#beforePrevious = beforePrevious;
  }

  #add(code: number): void {
    if (code < 128) {
      if ((code >= 97 && code <= 122) || (code >= 48 && code <= 57)) this.#addLetter(code);
      else if (code >= 65 && code <= 90) this.#addLetter(code + 32);
      else if (code === 39) return;
      else if (this.#length > 0 && this.#markCount < MAX_MARKS && (code === STAR || (LEET[code] ?? 0) > 0)) {
        // Part of the word only if a letter follows.
        this.#marks[this.#markCount++] = code === STAR ? STAR : (LEET[code] ?? 0);
      } else this.#separate();
      return;
    }
    const unit = this.#fold(code);
    if (unit === SKIPPED) return;
    if (unit === EDGE) this.#separate();
    else if (unspaced(unit)) this.#addUnspaced(unit);
    else this.#addLetter(unit);
  }

  #separate(): void {
    this.#closeWord();
    this.#cjk1 = 0;
    this.#cjk2 = 0;
  }

  #addLetter(unit: number): void {
    this.#cjk1 = 0;
    this.#cjk2 = 0;
    for (let at = 0; at < this.#markCount; at++) this.#push(this.#marks[at] ?? 0);
    this.#markCount = 0;
    this.#push(unit);
  }

  #push(unit: number): void {
    const word = this.#word;
    const length = this.#length;
    if (length > 0 && word[length] === unit) {
      if (unit === this.#stretched) return;
      if (length > 1 && word[length - 1] === unit) {
        // Three or more of one letter are read as one.
        this.#stretched = unit;
        this.#length = length - 1;
        return;
      }
    } else this.#stretched = 0;
    word[length + 1] = unit;
    this.#length = length + 1;
    if (this.#length === MAX_WORD_UNITS) this.#closeWord();
  }

  #addUnspaced(unit: number): void {
    if (this.#length > 0 || this.#markCount > 0) this.#closeWord();
    this.#previous = 0;
    this.#beforePrevious = 0;
    this.#reserve(3, 2);
    const one = mix(CJK_SEED, unit);
    this.grams[this.gramCount++] = gramBucketOf(one);
    this.words[this.wordCount++] = unspacedBucketOf(one);
    if (this.#cjk1 !== 0) {
      const two = mix(one, this.#cjk1);
      this.grams[this.gramCount++] = gramBucketOf(two);
      this.words[this.wordCount++] = unspacedBucketOf(two);
      if (this.#cjk2 !== 0) this.grams[this.gramCount++] = gramBucketOf(mix(two, this.#cjk2));
    }
    this.#cjk2 = this.#cjk1;
    this.#cjk1 = unit;
  }

  #closeWord(): void {
    this.#markCount = 0;
    if (this.#length === 0) return;
    this.#emitWord();
    this.#length = 0;
  }

  #emitWord(): void {
    const length = this.#length;
    const word = this.#word;
    this.#reserve(length * 3 + 4, 2);
    const { grams } = this;
    let count = this.gramCount;
    let hash: number = WORD_SEED;
    let digits = 0;
    for (let at = 1; at <= length; at++) {
      const unit = word[at] as number;
      hash = mix(hash, unit);
      if (unit < FIRST_NO_DIGIT && (LEET[unit] as number) > 0) digits++;
    }
    grams[count++] = gramBucketOf(hash);
    this.words[this.wordCount++] = wordBucketOf(hash);
    if (digits > 0 && digits * 2 <= length) {
      const plain = this.#plainHash();
      grams[count++] = gramBucketOf(plain);
      this.words[this.wordCount++] = wordBucketOf(plain);
    }
    if (this.#previous !== 0) {
      grams[count++] = gramBucketOf(mix(mix(PAIR_SEED, this.#previous), hash));
      if (this.#beforePrevious !== 0) grams[count++] = gramBucketOf(mix(mix(SKIP_SEED, this.#beforePrevious), hash));
    }
    this.#beforePrevious = this.#previous;
    this.#previous = hash;
    // Character 3-5-grams, one after the other into a local: most of the time goes here.
    word[0] = BOUNDARY;
    word[length + 1] = BOUNDARY;
    for (let start = 0; start < length; start++) {
      let part = mix(mix(mix(PART_SEED, word[start] as number), word[start + 1] as number), word[start + 2] as number);
      grams[count++] = gramBucketOf(part);
      if (start + 1 >= length) break;
      part = mix(part, word[start + 3] as number);
      grams[count++] = gramBucketOf(part);
      if (start + 2 < length) grams[count++] = gramBucketOf(mix(part, word[start + 4] as number));
    }
    this.gramCount = count;
  }

  /** Hash of the open word with its digits read as letters. */
  #plainHash(): number {
    let hash: number = WORD_SEED;
    for (let at = 1; at <= this.#length; at++) {
      const unit = this.#word[at] as number;
      hash = mix(hash, (unit < FIRST_NO_DIGIT && LEET[unit]) || unit);
    }
    return hash;
  }

  /** Makes room for so many more buckets. */
  #reserve(grams: number, words: number): void {
    if (this.gramCount + grams > this.grams.length) this.grams = grown(this.grams);
    if (this.wordCount + words > this.words.length) this.words = grown(this.words);
  }
}

function grown(values: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}
