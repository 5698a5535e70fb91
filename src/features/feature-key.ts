import { createHmac } from 'node:crypto';

/** Bytes of a fingerprint: half of an HMAC-SHA-256. */
export const FINGERPRINT_BYTES = 16;

/** What a deployment makes its features with. Without it nobody can tell what a feature was made of, nor try guesses. */
export class FeatureKey {
  /** Tells keys apart and nothing else: 8 hexadecimal digits. */
  readonly id: string;
  /** Odd multiplier of the rolling hashes. */
  readonly multiplier: number;
  /** What the hash of a shingle is mixed with, by its kind. */
  readonly salts: { readonly seed: number; readonly bin: number; readonly opening: number };
  readonly #fingerprintKey: Uint8Array;
  readonly #letterKey: Uint8Array;

  constructor(secret: Uint8Array) {
    const derive = (label: string): Buffer =>
      createHmac('sha256', secret).update(`sluice features 1 ${label}`).digest();
    const mixing = derive('mixing');
    this.id = derive('id').toString('hex', 0, 4);
    this.multiplier = mixing.readInt32LE(0) | 1;
    this.salts = { seed: mixing.readInt32LE(4), bin: mixing.readInt32LE(8), opening: mixing.readInt32LE(12) };
    this.#fingerprintKey = derive('fingerprint');
    this.#letterKey = derive('letters');
  }

  /** Keyed hash of the letters of a text: 16 bytes. */
  fingerprint(letters: Int32Array): Uint8Array {
    const bytes = new Uint8Array(letters.buffer, letters.byteOffset, letters.byteLength);
    return createHmac('sha256', this.#fingerprintKey).update(bytes).digest().subarray(0, FINGERPRINT_BYTES);
  }

  /** Keyed value of a folded unit, 32 bits with sign. */
  letter(unit: number): number {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(unit);
    return createHmac('sha256', this.#letterKey).update(bytes).digest().readInt32LE(0);
  }
}
