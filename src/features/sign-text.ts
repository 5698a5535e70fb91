import type { FeatureKey } from './feature-key.js';
import { LetterReader, MAX_READ_CHARS, RING_LETTERS } from './letter-reader.js';
import { Letters } from './letters.js';
import { BIN_BYTES, OPENING_LETTERS, Shingles } from './shingles.js';
import { type NearSignature, PLACES, type Seeds, type Signature } from './signature.js';

/** Most letters of one feature; a longer text becomes several, each of which is found by itself. */
export const MAX_LETTERS = 512;
/** Fewest letters of a text that is found again when it was changed; `npm run bench -- features` shows why. */
export const MIN_NEAR_LETTERS = 64;
/** The same for a text in a script without spaces, most of whose letters stand for a syllable or more. */
export const MIN_NEAR_UNSPACED = 24;
/** Fewest letters of a feature at all: what is shorter says nothing. */
export const MIN_LETTERS = 4;
/** Most seeds of a signature: one from each of so many equal parts of the text. An index keeps those that are rare in it. */
const MAX_SEEDS = 64;
/** Fewest different seeds of a text that is found again when it was changed; one that goes round and round has fewer. */
const MIN_SEEDS = 6;

/** Makes signatures of texts with one key. */
export class TextSigner {
  readonly #key: FeatureKey;
  readonly #reader: LetterReader;
  readonly #shingles: Shingles;
  /** Room for the letters of one feature, as long as a power of two: the hashes read rings. */
  readonly #ring = new Int32Array(MAX_LETTERS);
  readonly #room = new Int32Array(MAX_LETTERS * 2);

  constructor(key: FeatureKey) {
    this.#key = key;
    this.#reader = new LetterReader(new Letters(key));
    this.#shingles = new Shingles(key);
  }

  /** The signatures of a text: one for each part of it; none for a text with fewer than `MIN_LETTERS` letters. */
  sign(text: string): Signature[] {
    const values = this.#valuesOf(text);
    if (values.length < MIN_LETTERS) return [];
    const parts = Math.ceil(values.length / MAX_LETTERS);
    return Array.from({ length: parts }, (_, part) => {
      const from = Math.floor((part * values.length) / parts);
      const to = Math.floor(((part + 1) * values.length) / parts);
      return this.#signPart(Int32Array.from(values.slice(from, to)));
    });
  }

  #valuesOf(text: string): number[] {
    const reader = this.#reader;
    reader.reset(0);
    const values: number[] = [];
    for (let from = 0; from < text.length; from += MAX_READ_CHARS) {
      const { at: first } = reader;
      reader.read(text, from, Math.min(from + MAX_READ_CHARS, text.length));
      for (let at = first; at < reader.at; at += 1) values.push(reader.ring[at & (RING_LETTERS - 1)] as number);
    }
    return values;
  }

  #signPart(letters: Int32Array): Signature {
    const { length } = letters;
    const ring = this.#ring.fill(0);
    ring.set(letters);
    const opening = (count: number): number => this.#shingles.opening(ring, 0, Math.min(count, length));
    const near = this.#near(ring, length);
    return {
      fingerprint: this.#key.fingerprint(letters),
      letters: length,
      openings: [opening(OPENING_LETTERS.first), opening(OPENING_LETTERS.second)],
      ...(near === undefined ? {} : { near }),
    };
  }

  #near(ring: Int32Array, length: number): NearSignature | undefined {
    const unspaced = ring.subarray(0, length).reduce((count, letter) => count + (letter & 1), 0);
    if ((length - unspaced) / MIN_NEAR_LETTERS + unspaced / MIN_NEAR_UNSPACED < 1) return undefined;
    const seeds = this.#seeds(ring, length);
    if (seeds.hashes.length < MIN_SEEDS) return undefined;
    const bins = new Uint8Array(BIN_BYTES);
    this.#shingles.bins(ring, { start: 0, end: length }, bins);
    return { seeds, bins };
  }

  /** From each of `MAX_SEEDS` equal parts of the text the seed with the least hash. */
  #seeds(ring: Int32Array, length: number): Seeds {
    const seeds = this.#room;
    const count = this.#shingles.seeds(ring, { from: 0, to: length, base: 0 }, seeds);
    const times = new Map<number, number>();
    for (let index = 0; index < count; index += 1) {
      const hash = seeds[index * 2] as number;
      times.set(hash, (times.get(hash) ?? 0) + 1);
    }
    const least = new Map<number, { readonly hash: number; readonly place: number }>();
    for (let index = 0; index < count; index += 1) {
      const hash = seeds[index * 2] as number;
      // What comes twice does not tell where the text begins.
      if (times.get(hash) !== 1) continue;
      const last = (seeds[index * 2 + 1] as number) - 1;
      const part = Math.floor((last * MAX_SEEDS) / length);
      const other = least.get(part);
      const place = Math.floor((last * PLACES) / length);
      if (other === undefined || hash < other.hash) least.set(part, { hash, place });
    }
    const kept = [...least.values()];
    return {
      hashes: Int32Array.from(kept, ({ hash }) => hash),
      places: Uint8Array.from(kept, ({ place }) => place),
    };
  }
}
