import { createHmac } from 'node:crypto';

/** A key that wraps the keys of single records. */
export interface EvidenceKey {
  /** 16 hexadecimal digits that tell it from others and nothing more about it. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

/** The keys of an operator: the first wraps, all unwrap. */
export class EvidenceKeys {
  readonly current: EvidenceKey;
  readonly #byId: ReadonlyMap<string, EvidenceKey>;

  constructor(current: EvidenceKey, older: readonly EvidenceKey[]) {
    this.current = current;
    this.#byId = new Map([current, ...older].map((key) => [key.id, key]));
  }

  /** The key with an id; undefined when it is not among them. */
  find(id: string): EvidenceKey | undefined {
    return this.#byId.get(id);
  }
}

/**
 * Reads keys as they stand in the environment: 64 hexadecimal digits each, commas or white space between.
 * @throws {TypeError} when one is not; never repeats it.
 */
export function parseEvidenceKeys(text: string): EvidenceKeys {
  const keys = text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part, index): EvidenceKey => {
      if (!/^[0-9a-f]{64}$/i.test(part)) {
        throw new TypeError(
          `key ${index + 1} must be 64 hexadecimal digits, such as the output of: openssl rand -hex 32`,
        );
      }
      const bytes = Buffer.from(part, 'hex');
      return { id: keyIdOf(bytes), bytes };
    });
  const [current, ...older] = keys;
  if (current === undefined) throw new TypeError('must hold a key, such as the output of: openssl rand -hex 32');
  return new EvidenceKeys(current, older);
}

/** Made from the key itself, so that nobody can give a key the name of another. */
function keyIdOf(bytes: Uint8Array): string {
  return createHmac('sha256', bytes).update('sluice evidence key').digest('hex').slice(0, 16);
}
