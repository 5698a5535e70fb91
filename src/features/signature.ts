import { FINGERPRINT_BYTES } from './feature-key.js';
import { BIN_BYTES } from './shingles.js';

/** Steps in which the place of a seed is known: 32nd parts of the text. */
export const PLACES = 32;

/** What a text is found by when it comes again changed. */
export interface NearSignature {
  /** Runs of letters that it may be found by, in their order. */
  readonly seeds: Seeds;
  /** `Uint8Array` of length `BIN_BYTES`, as `Shingles.bins` fills it. */
  readonly bins: Uint8Array;
}

/** Runs of letters of a text, by index. */
export interface Seeds {
  /** Keyed hashes, 32 bits with sign. */
  readonly hashes: Int32Array;
  /** Where they stand in the text, in 32nd parts of it: 0 to 31. */
  readonly places: Uint8Array;
}

/** What is kept of a text, or of a part of a long one. */
export interface Signature {
  /** Keyed hash of its letters: 16 bytes. */
  readonly fingerprint: Uint8Array;
  /** Number of its letters, 1 to 512. */
  readonly letters: number;
  /** Keyed hashes of its first 4 and 12 letters, 32 bits; the second equals the first in a text that is shorter. */
  readonly openings: readonly [number, number];
  /** Left out for a text that is found only when it comes again letter for letter, and alone. */
  readonly near?: NearSignature;
}

/** First byte of a written signature: what else stands in it, and how texts were folded and hashed for it. */
export const SIGNATURE_VERSION = 1;
const HEAD_BYTES = 4 + FINGERPRINT_BYTES + 8;
const SEED_BYTES = 5;

/** Returns the bytes that a signature is stored and exported as. */
export function encodeSignature({ fingerprint, letters, openings, near }: Signature): Uint8Array {
  const seedCount = near?.seeds.hashes.length ?? 0;
  const bytes = Buffer.alloc(HEAD_BYTES + (near === undefined ? 0 : seedCount * SEED_BYTES + BIN_BYTES));
  bytes[0] = SIGNATURE_VERSION;
  bytes[1] = seedCount;
  bytes.writeUInt16LE(letters, 2);
  bytes.set(fingerprint, 4);
  bytes.writeInt32LE(openings[0], 4 + FINGERPRINT_BYTES);
  bytes.writeInt32LE(openings[1], 8 + FINGERPRINT_BYTES);
  for (let seed = 0; seed < seedCount; seed += 1) {
    bytes.writeInt32LE(near?.seeds.hashes[seed] as number, HEAD_BYTES + seed * SEED_BYTES);
    bytes[HEAD_BYTES + seed * SEED_BYTES + 4] = near?.seeds.places[seed] as number;
  }
  if (near !== undefined) bytes.set(near.bins, HEAD_BYTES + seedCount * SEED_BYTES);
  return bytes;
}

/** Returns what `encodeSignature` has written; undefined for anything else, and for a version that this release does not know. */
export function decodeSignature(written: Uint8Array): Signature | undefined {
  const bytes = Buffer.from(written.buffer, written.byteOffset, written.byteLength);
  if (bytes.length < HEAD_BYTES || bytes[0] !== SIGNATURE_VERSION) return undefined;
  const seedCount = bytes[1] ?? 0;
  const length = HEAD_BYTES + (seedCount === 0 ? 0 : seedCount * SEED_BYTES + BIN_BYTES);
  const letters = bytes.readUInt16LE(2);
  if (bytes.length !== length || letters === 0) return undefined;
  const head = {
    fingerprint: bytes.subarray(4, 4 + FINGERPRINT_BYTES),
    letters,
    openings: [bytes.readInt32LE(4 + FINGERPRINT_BYTES), bytes.readInt32LE(8 + FINGERPRINT_BYTES)] as const,
  };
  if (seedCount === 0) return head;
  const seeds = { hashes: new Int32Array(seedCount), places: new Uint8Array(seedCount) };
  for (let seed = 0; seed < seedCount; seed += 1) {
    const at = HEAD_BYTES + seed * SEED_BYTES;
    seeds.hashes[seed] = bytes.readInt32LE(at);
    seeds.places[seed] = (bytes[at + 4] as number) % PLACES;
  }
  return { ...head, near: { seeds, bins: bytes.subarray(length - BIN_BYTES) } };
}

/** Id of a feature: the first half of its fingerprint, 16 hexadecimal digits. */
export function featureId(fingerprint: Uint8Array): string {
  return Buffer.from(fingerprint.buffer, fingerprint.byteOffset, 8).toString('hex');
}
