import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { EvidenceError } from '../../core/index.js';
import type { EvidenceKey, EvidenceKeys } from './evidence-keys.js';

/** What a record is about: it can be opened as nothing else. */
export interface EvidencePlace {
  /** Writer and number of the hit, as in the hit table. */
  readonly writer: string;
  readonly seq: number;
  readonly category: string;
}

/** A record nobody can read without the key that wraps its own. */
export interface Sealed {
  /** Id of the wrapping key. */
  readonly keyId: string;
  /** The key of the record, encrypted: 12 bytes of nonce, 32 of key, 16 of tag. */
  readonly wrappedKey: Uint8Array;
  /** Nonce, encrypted content, tag. */
  readonly content: Uint8Array;
}

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts a record with a fresh key of its own, and that with the current key of the operator. */
export function sealContent(keys: EvidenceKeys, place: EvidencePlace, content: Uint8Array): Sealed {
  const key = randomBytes(KEY_BYTES);
  try {
    return {
      keyId: keys.current.id,
      wrappedKey: wrap(keys.current, place, key),
      content: encrypt(key, boundTo(place, 'content'), content),
    };
  } finally {
    key.fill(0);
  }
}

/**
 * Decrypts a record.
 * @throws {EvidenceError} `missing-key` when the wrapping key is not among the given, `damaged` when it is not what was sealed for this place.
 */
export function openContent(keys: EvidenceKeys, place: EvidencePlace, sealed: Sealed): Uint8Array {
  const key = unwrap(keys, place, sealed);
  try {
    return decrypt(key, boundTo(place, 'content'), sealed.content);
  } catch (cause) {
    throw damaged(place, cause);
  } finally {
    key.fill(0);
  }
}

/**
 * The key of a record, wrapped by the current key of the operator; the content stays as it is.
 * @throws {EvidenceError} as `openContent` does.
 */
export function rewrapKey(keys: EvidenceKeys, place: EvidencePlace, sealed: Omit<Sealed, 'content'>): Uint8Array {
  const key = unwrap(keys, place, sealed);
  try {
    return wrap(keys.current, place, key);
  } finally {
    key.fill(0);
  }
}

function wrap({ id, bytes }: EvidenceKey, place: EvidencePlace, key: Uint8Array): Uint8Array {
  return encrypt(bytes, boundTo(place, `key ${id}`), key);
}

function unwrap(keys: EvidenceKeys, place: EvidencePlace, { keyId, wrappedKey }: Omit<Sealed, 'content'>): Uint8Array {
  const by = keys.find(keyId);
  if (by === undefined) {
    const message = `${nameOf(place)}: it is encrypted under the key ${keyId}, which is not in the environment`;
    throw new EvidenceError('missing-key', message);
  }
  try {
    return decrypt(by.bytes, boundTo(place, `key ${keyId}`), wrappedKey);
  } catch (cause) {
    throw damaged(place, cause);
  }
}

/** What a ciphertext is bound to, so that none can be moved to another hit, or taken for another part. */
function boundTo({ writer, seq, category }: EvidencePlace, part: string): Uint8Array {
  return Buffer.from(JSON.stringify(['sluice evidence 1', part, writer, seq, category]));
}

function encrypt(key: Uint8Array, bound: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Uint8Array, bound: Uint8Array, sealed: Uint8Array): Uint8Array {
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(bound);
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}

function damaged(place: EvidencePlace, cause: unknown): EvidenceError {
  const message = `${nameOf(place)}: it is not what was stored for this hit; it was damaged, or changed by somebody`;
  return new EvidenceError('damaged', message, { cause });
}

function nameOf({ writer, seq }: EvidencePlace): string {
  return `The text kept for hit ${writer}-${seq} cannot be read`;
}
