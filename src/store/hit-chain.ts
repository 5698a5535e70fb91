import { createHmac, hash, randomBytes, randomFillSync } from 'node:crypto';
import type { HitContent } from './hit-content.js';

/** One row of the record with its place in the chain of its writer. */
export interface SealedHit {
  readonly writer: string;
  /** From 1, without gaps. */
  readonly seq: number;
  readonly content: HitContent;
  /** 16 random bytes. Erased with the content, after which the digest tells nothing of it. */
  readonly salt: Uint8Array;
  /** SHA-256 over salt and content. Stays when the content is erased. */
  readonly digest: Uint8Array;
  /** SHA-256, or with a key HMAC-SHA-256, over the hash before and the digest. */
  readonly hash: Uint8Array;
}

const SALT_BYTES = 16;
/** Of one UTF-16 unit. */
const MAX_UTF8_BYTES = 3;
const WRITER_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const WRITER_LENGTH = 10;

/** Returns a new name for a writer, 10 characters that cannot be mistaken for each other. */
export function newWriter(): string {
  return Array.from(randomBytes(WRITER_LENGTH), (byte) => WRITER_ALPHABET[byte % WRITER_ALPHABET.length]).join('');
}

/** Returns the hash before the first row of a writer. */
export function genesisHash(writer: string): Uint8Array {
  return sha256(`sluice hits 1 ${writer}`);
}

/** Returns what a row leaves behind when its content is erased. Null values at the end do not count: columns may be added there. */
export function digestHit(salt: Uint8Array, content: HitContent): Uint8Array {
  let length = content.length;
  while (length > 0 && content[length - 1] === null) length -= 1;
  const counted = length === content.length ? content : content.slice(0, length);
  const text = JSON.stringify(counted);
  const bytes = Buffer.allocUnsafe(salt.length + text.length * MAX_UTF8_BYTES);
  bytes.set(salt);
  return sha256(bytes.subarray(0, salt.length + bytes.write(text, salt.length)));
}

/** Returns the hash of a row: of all rows before it and its own digest. */
export function linkHash(before: Uint8Array, digest: Uint8Array, key: Uint8Array | undefined): Uint8Array {
  if (key !== undefined) return createHmac('sha256', key).update(before).update(digest).digest();
  const bytes = Buffer.allocUnsafe(before.length + digest.length);
  bytes.set(before);
  bytes.set(digest, before.length);
  return sha256(bytes);
}

/** A hash object for each row would cost more than the hash; so would bytes that the call allocates itself. */
function sha256(data: string | Uint8Array): Uint8Array {
  return Buffer.from(hash('sha256', data, 'hex'), 'hex');
}

/** Returns 16 hexadecimal digits that tell one key from another and nothing more about it; null for no key. */
export function chainKeyId(key: Uint8Array | undefined): string | null {
  if (key === undefined) return null;
  return createHmac('sha256', key).update('sluice chain key').digest('hex').slice(0, 16);
}

/** A point of a chain: everything up to row `seq` is in `hash`. */
export interface ChainPoint {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** The chain of one writer, which grows by every row it seals. */
export class HitChain {
  readonly writer: string;
  readonly #key: Uint8Array | undefined;
  readonly #random = new Uint8Array(SALT_BYTES * 64);
  #randomUsed = this.#random.length;
  #seq = 0;
  #hash: Uint8Array;

  /** @param key makes the chain one that nobody without the key can forge */
  constructor(writer: string, key?: Uint8Array) {
    this.writer = writer;
    this.#key = key;
    this.#hash = genesisHash(writer);
  }

  /** The last row, or what stands before the first one. */
  get head(): ChainPoint {
    return { seq: this.#seq, hash: this.#hash };
  }

  /** Appends a row. */
  seal(content: HitContent): SealedHit {
    const salt = this.#nextSalt();
    const digest = digestHit(salt, content);
    this.#hash = linkHash(this.#hash, digest, this.#key);
    this.#seq += 1;
    return { writer: this.writer, seq: this.#seq, content, salt, digest, hash: this.#hash };
  }

  /** A call for every 16 bytes would cost more than the hashes. */
  #nextSalt(): Uint8Array {
    if (this.#randomUsed === this.#random.length) {
      randomFillSync(this.#random);
      this.#randomUsed = 0;
    }
    const salt = this.#random.slice(this.#randomUsed, this.#randomUsed + SALT_BYTES);
    this.#randomUsed += SALT_BYTES;
    return salt;
  }
}
