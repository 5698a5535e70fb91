import type { FeatureKey } from './feature-key.js';
import { UNSPACED_BIT } from './letters.js';

/** Letters of a seed, and of one that ends in a script without spaces. */
export const SEED_LETTERS = { spaced: 7, unspaced: 3 } as const;
/** Letters of what the bins of a signature are filled from. */
const BIN_LETTERS = { spaced: 4, unspaced: 2 } as const;
/** Letters after which a text is asked whether it begins as a feature does: first a hint, then nearly certain. */
export const OPENING_LETTERS = { first: 4, second: 12 } as const;

/** Bins of each half of a signature. */
const HALF_BINS = 64;
/** Bytes of the bins of a signature: two to a byte. */
export const BIN_BYTES = HALF_BINS;
/** Where a bin stands in which nothing is. */
const LARGEST = 0x7fffffff;
/** Bits of a bin: 0 for an empty one, else 1 to 15. */
const BIN_VALUES = 15;

/** A ring of letters, by position; its length is a power of two. */
export type LetterRing = Int32Array;

/** Positions of letters, `end` not included. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Which letters may end a seed; `base` is the first of the text. */
export interface SeedRange {
  readonly from: number;
  readonly to: number;
  readonly base: number;
}

/** Hashes of short runs of letters, keyed. Positions count letters; a ring must hold the run. */
export class Shingles {
  readonly #key: FeatureKey;
  readonly #minima = new Int32Array(HALF_BINS);

  /** The multiplier to the power of the letters of a seed: what the oldest letter has been multiplied with. */
  readonly #seedPower: number;

  constructor(key: FeatureKey) {
    this.#key = key;
    let power = 1;
    for (let letter = 0; letter < SEED_LETTERS.spaced; letter += 1) power = Math.imul(power, key.multiplier);
    this.#seedPower = power;
  }

  /** Hash of the letters `[end - length, end)`, 32 bits. */
  #hash(ring: LetterRing, end: number, length: number): number {
    const mask = ring.length - 1;
    const { multiplier } = this.#key;
    let hash = 0;
    for (let at = end - length; at < end; at += 1)
      hash = (Math.imul(hash, multiplier) + (ring[at & mask] as number)) | 0;
    return hash;
  }

  /**
   * Finds the seeds that end in `[from, to)`, half of all: that only a sample is used halves the cost of a lookup and costs
   * little recall. Writes the keyed hash of each, 32 bits with sign, and the position behind its last letter to `seeds`, one
   * after the other; returns the number of seeds.
   */
  seeds(ring: LetterRing, { from, to, base }: SeedRange, seeds: Int32Array): number {
    const mask = ring.length - 1;
    const { multiplier, salts } = this.#key;
    const power = this.#seedPower;
    let rolled = this.#hash(ring, from, Math.min(SEED_LETTERS.spaced, from - base));
    let written = 0;
    for (let at = from; at < to; at += 1) {
      const letter = ring[at & mask] as number;
      rolled = (Math.imul(rolled, multiplier) + letter) | 0;
      // Before the beginning there is nothing; the seeds that would reach there are left out below.
      if (at - base >= SEED_LETTERS.spaced) {
        rolled = (rolled - Math.imul(ring[(at - SEED_LETTERS.spaced) & mask] as number, power)) | 0;
      }
      const isSpaced = (letter & UNSPACED_BIT) === 0;
      const hash = isSpaced ? rolled : this.#hash(ring, at + 1, SEED_LETTERS.unspaced);
      // Written always and kept only if it counts: cheaper than to guess wrong every other time.
      seeds[written] = mix(hash ^ (isSpaced ? salts.seed : ~salts.seed));
      seeds[written + 1] = at + 1;
      const isLong = at + 1 - base >= (isSpaced ? SEED_LETTERS.spaced : SEED_LETTERS.unspaced);
      // The sample: a sign is a bit that depends on all letters.
      written += isLong ? (hash >>> 31) << 1 : 0;
    }
    return written >> 1;
  }

  /** Hash of the `length` letters from `start` on, 32 bits. */
  opening(ring: LetterRing, start: number, length: number): number {
    return mix(this.#hash(ring, start + length, length) ^ this.#key.salts.opening);
  }

  /**
   * Fills `bins`, `Uint8Array` of length `BIN_BYTES` with two bins a byte: one half of them from each half of the letters of a
   * stretch, so that a text which shares one long phrase and nothing else is told from one that was changed here and there.
   * One-permutation MinHash, of which only four bits of each minimum are kept.
   * Source: Li, Owen, Zhang, "One Permutation Hashing", NIPS 2012; Li, König, "b-Bit Minwise Hashing", WWW 2010.
   */
  bins(ring: LetterRing, { start, end }: Stretch, bins: Uint8Array): void {
    const middle = (start + end) >> 1;
    this.#half(ring, { start, end: middle }, bins.subarray(0, BIN_BYTES / 2));
    this.#half(ring, { start: middle, end }, bins.subarray(BIN_BYTES / 2));
  }

  #half(ring: LetterRing, { start, end }: Stretch, bins: Uint8Array): void {
    const mask = ring.length - 1;
    const { multiplier, salts } = this.#key;
    const square = Math.imul(multiplier, multiplier);
    const minima = this.#minima.fill(LARGEST);
    let before = 0;
    let pair = 0;
    let pairBefore = 0;
    for (let at = start; at < end; at += 1) {
      const letter = ring[at & mask] as number;
      const oldPair = pairBefore;
      pairBefore = pair;
      pair = (Math.imul(before, multiplier) + letter) | 0;
      before = letter;
      const isSpaced = (letter & UNSPACED_BIT) === 0;
      if (at - start < (isSpaced ? BIN_LETTERS.spaced : BIN_LETTERS.unspaced) - 1) continue;
      const hash = isSpaced ? mix((Math.imul(oldPair, square) + pair) ^ salts.bin) : mix(pair ^ ~salts.bin);
      const bin = hash & (HALF_BINS - 1);
      if (hash < (minima[bin] as number)) minima[bin] = hash;
    }
    for (let bin = 0; bin < HALF_BINS; bin += 2)
      bins[bin / 2] = binValue(minima[bin]) | (binValue(minima[bin + 1]) << 4);
  }
}

function binValue(minimum: number | undefined): number {
  return minimum === undefined || minimum === LARGEST ? 0 : 1 + ((minimum >>> 7) % BIN_VALUES);
}

/** Spreads 32 bits over 32 bits, with sign: a number that needs no box. Source: the finalizer of MurmurHash3 (public domain). */
export function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
