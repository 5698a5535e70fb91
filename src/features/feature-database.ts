import type { FeatureIndex, IndexedFeature } from './feature-index.js';
import type { FeatureKey } from './feature-key.js';
import { FeatureMatcher, type MatcherParts } from './feature-matcher.js';
import { RING_LETTERS } from './letter-reader.js';
import { Letters } from './letters.js';
import { BIN_BYTES, Shingles } from './shingles.js';
import { TextSigner } from './sign-text.js';
import type { Signature } from './signature.js';

/** What the moderator asks for features. */
export interface FeatureSource {
  /** Changes whenever a feature comes or goes; undefined while there is none. */
  readonly version: string | undefined;
  /** What finds them in one text after the other, at the beginning of one; undefined while there is none. */
  open(): FeatureMatcher | undefined;
  /** Gives back a matcher that is done, for another text. */
  release(matcher: FeatureMatcher): void;
}

/** Matchers that wait for the next text; each has some 30 KB. */
const MAX_SPARE = 8;
/** Room that an index has at least beyond what it begins with. */
const SPARE_CAPACITY = 4_096;

/** Room for so many features and a sixteenth more, so that an index is seldom built anew. */
export function capacityFor(count: number): number {
  return count + Math.max(SPARE_CAPACITY, count >> 4);
}

/** The features in memory, as one key reads them. */
export class FeatureDatabase implements FeatureSource {
  readonly key: FeatureKey;
  readonly #parts: Omit<MatcherParts, 'index'>;
  #index: FeatureIndex | undefined;
  #change = 0;
  /** Features that have gone without a change in the store. */
  #touches = 0;
  #spare: FeatureMatcher[] = [];
  #signer: TextSigner | undefined;

  constructor(key: FeatureKey) {
    this.key = key;
    const rooms = { seeds: new Int32Array(RING_LETTERS * 2), bins: new Uint8Array(BIN_BYTES) };
    this.#parts = { key, letters: new Letters(key), shingles: new Shingles(key), ...rooms };
  }

  /** Features that hold. */
  get size(): number {
    return this.#index?.size ?? 0;
  }

  /** Features that there is room for, and the part of it that is taken, by removed ones too. */
  get capacity(): number {
    return this.#index?.capacity ?? 0;
  }

  get used(): number {
    return this.#index?.used ?? 0;
  }

  /** Memory of the features in bytes. */
  get bytes(): number {
    return this.#index?.bytes ?? 0;
  }

  get version(): string | undefined {
    if (this.size === 0) return undefined;
    return `${this.key.id}-${this.#change}${this.#touches === 0 ? '' : `.${this.#touches}`}`;
  }

  open(): FeatureMatcher | undefined {
    if (this.#index === undefined || this.#index.size === 0) return undefined;
    const matcher = this.#spare.pop() ?? new FeatureMatcher({ ...this.#parts, index: this.#index });
    matcher.reset();
    return matcher;
  }

  release(matcher: FeatureMatcher): void {
    if (matcher.index === this.#index && this.#spare.length < MAX_SPARE) this.#spare.push(matcher);
  }

  /** The features but for some, as revoking those would leave them. Matchers of it are not used again. */
  without(ids: ReadonlySet<string>): FeatureSource {
    return {
      version: this.version === undefined ? undefined : `${this.version}-without-${[...ids].sort().join('-')}`,
      open: () => {
        if (this.#index === undefined || this.#index.size === 0) return undefined;
        const matcher = new FeatureMatcher({ ...this.#parts, index: this.#index, without: ids });
        matcher.reset();
        return matcher;
      },
      release: () => undefined,
    };
  }

  /** Looks things up in another index from now on. Matchers that run go on with theirs. */
  use(index: FeatureIndex): void {
    this.#index = index;
    this.#spare = [];
  }

  /** Whether a feature of this id is there. */
  has(id: string): boolean {
    return this.#index?.has(id) ?? false;
  }

  /** The signatures of a text, as `TextSigner.sign` gives them. */
  sign(text: string): Signature[] {
    this.#signer ??= new TextSigner(this.key);
    return this.#signer.sign(text);
  }

  /** As `FeatureIndex.add`; false also while there is no index. */
  add(feature: IndexedFeature): boolean {
    return this.#index?.add(feature) ?? false;
  }

  /** Removes the feature of an id; returns whether it was there. */
  remove(id: string): boolean {
    return this.#index?.remove(id) ?? false;
  }

  /** As `FeatureIndex.expire`; a change that no change of the store tells. */
  expire(nowMs: number): void {
    if (this.#index?.expire(nowMs) === true) this.#touches += 1;
  }

  /** Says up to which change of the store the features are known. */
  reach(change: number): void {
    this.#change = change;
    this.#touches = 0;
  }
}
