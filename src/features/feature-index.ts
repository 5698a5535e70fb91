import { CATEGORIES, type Category, type Feature, type Severity } from '../core/index.js';
import { BIN_BYTES } from './shingles.js';
import { MAX_LETTERS } from './sign-text.js';
import { decodeSignature, PLACES, type Seeds, type Signature } from './signature.js';

/** What the index tells of a feature that was found. */
export interface KnownFeature {
  readonly id: string;
  readonly category: Category;
  readonly severity: Severity;
}

/** What the index needs of a feature. */
export type IndexedFeature = Pick<Feature, 'signature' | 'category' | 'severity' | 'expiresMs'>;

/** Entries of a bucket: with 4 bytes each one cache line. */
export const BUCKET_ENTRIES = 16;
/** Seeds of a feature that have entries, at most. */
const KEPT_SEEDS = 22;
/** Entries that there is room for, for each feature. */
const FEATURE_ENTRIES = 22;
/**
 * Features that a seed leads to at most. Of those that share a phrase with more, the phrase is no seed any more: else what
 * everybody writes would cost most, and take the room of seeds that tell something.
 */
const MAX_ALIKE = 8;
/** Bits of an entry behind the slot, which hold the place of the seed. */
export const PLACE_BITS = 5;
const MAX_CAPACITY = 1 << 26;
/** The last second that there is room for: in 2106. */
const MAX_SECOND = 2 ** 32 - 1;
/** Bits that openings are remembered with; a few in a hundred are remembered by accident when there are a million. */
const OPENING_BITS = 24;
const DEAD = 0xff;
/** Set in the kind of a feature that is found only alone and unchanged. */
const EXACT_ONLY = 0x40;

/**
 * Signatures in memory, looked up by seeds and by fingerprints. Typed arrays throughout: some 175 bytes a feature. A seed is an
 * entry of 32 bits in one bucket of 64 bytes: slot of the feature, place of the seed in it, and as many bits of the hash as
 * are left; so a lookup touches one cache line. Where there is no room, features with few entries take the place of one that has more.
 */
export class FeatureIndex {
  /** Features that it has room for. */
  readonly capacity: number;
  readonly buckets: Int32Array;
  /** Bits of an entry that hold part of the hash. */
  readonly tagMask: number;
  /** Bits that the slot of an entry is shifted by. */
  readonly slotShift: number;
  /** Letters of the features, by slot. */
  readonly letters: Uint16Array;
  /** Buckets for each of the 2^32 hashes. */
  readonly #bucketShare: number;
  readonly #bins: Uint8Array;
  /** First 8 bytes of the fingerprints, by slot. */
  readonly #ids: Uint32Array;
  /** Category and severity in one byte, by slot; `DEAD` for a slot that was removed. */
  readonly #kinds: Uint8Array;
  /** Entries that a feature has, by slot. */
  readonly #entries: Uint8Array;
  /** Second since the Unix epoch at which a feature expires, by slot; 0 for one that does not. */
  readonly #expiries: Uint32Array;
  /** Slot + 1 by fingerprint: open addressing. */
  readonly #slots: Int32Array;
  readonly #openings: readonly [Uint8Array, Uint8Array, Uint8Array];
  #used = 0;
  #removed = 0;
  #longestExact = 0;
  #near = 0;
  /** Second at which something expires next, or before. */
  #nextExpiry = Number.POSITIVE_INFINITY;

  constructor(capacity: number) {
    this.capacity = Math.min(Math.max(capacity, 16), MAX_CAPACITY);
    const slotBits = Math.ceil(Math.log2(this.capacity));
    this.slotShift = 32 - slotBits;
    this.tagMask = (1 << (this.slotShift - PLACE_BITS)) - 1;
    const bucketCount = Math.ceil((this.capacity * FEATURE_ENTRIES) / BUCKET_ENTRIES);
    this.#bucketShare = bucketCount / 2 ** 32;
    this.buckets = new Int32Array(bucketCount * BUCKET_ENTRIES);
    this.letters = new Uint16Array(this.capacity);
    this.#bins = new Uint8Array(this.capacity * BIN_BYTES);
    this.#ids = new Uint32Array(this.capacity * 2);
    this.#kinds = new Uint8Array(this.capacity);
    this.#entries = new Uint8Array(this.capacity);
    this.#expiries = new Uint32Array(this.capacity);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(this.capacity * 1.5)));
    const bits = Math.min(OPENING_BITS, slotBits + 6);
    const filter = (): Uint8Array => new Uint8Array(2 ** (bits - 3));
    this.#openings = [filter(), filter(), filter()];
  }

  /** Features that hold. */
  get size(): number {
    return this.#used - this.#removed;
  }

  /** Room that is taken, by removed features too. */
  get used(): number {
    return this.#used;
  }

  /** Whether there are features that may be found changed. */
  get hasNear(): boolean {
    return this.#near > 0;
  }

  /** Whether nothing more can be added. */
  get isFull(): boolean {
    return this.#used >= this.capacity;
  }

  /** Most letters of a feature that is found only alone and unchanged; 0 when there is none. */
  get longestExact(): number {
    return this.#longestExact;
  }

  /** Memory of the arrays in bytes. */
  get bytes(): number {
    const bySlot = [this.letters, this.#bins, this.#ids, this.#kinds, this.#entries, this.#expiries];
    return [...bySlot, this.buckets, this.#slots, ...this.#openings].reduce(
      (sum, { byteLength }) => sum + byteLength,
      0,
    );
  }

  /**
   * Adds a feature, or replaces category, severity and expiry of one that is there. Returns false for a signature that this
   * release cannot read.
   * @throws {RangeError} when the index is full.
   */
  add({ signature: written, category, severity, expiresMs }: IndexedFeature): boolean {
    const signature = decodeSignature(written);
    if (signature === undefined) return false;
    const kind = (CATEGORIES.indexOf(category) * 4 + severity - 1) | (signature.near === undefined ? EXACT_ONLY : 0);
    const [high, low] = idOf(signature.fingerprint);
    const place = this.#placeOf(high, low);
    const known = (this.#slots[place] as number) - 1;
    if (known >= 0) {
      if (this.#kinds[known] === DEAD) this.#removed -= 1;
      this.#kinds[known] = kind;
      this.#expire(known, expiresMs);
      return true;
    }
    if (this.isFull) throw new RangeError('the feature index is full; make a larger one');
    const slot = this.#used;
    this.#used += 1;
    this.#slots[place] = slot + 1;
    this.#ids[slot * 2] = high;
    this.#ids[slot * 2 + 1] = low;
    this.#kinds[slot] = kind;
    this.#expire(slot, expiresMs);
    this.letters[slot] = Math.min(signature.letters, MAX_LETTERS);
    this.#addSeeds(slot, signature);
    return true;
  }

  /** Whether there is a feature of an id that holds. */
  has(id: string): boolean {
    return this.#slotOf(id) !== undefined;
  }

  /** Removes the feature of an id; returns whether it was there. */
  remove(id: string): boolean {
    const slot = this.#slotOf(id);
    if (slot === undefined) return false;
    this.#removeAt(slot);
    return true;
  }

  /** Removes what has expired at a time, in milliseconds since the Unix epoch; returns whether anything had. */
  expire(nowMs: number): boolean {
    const now = Math.floor(nowMs / 1000);
    if (now < this.#nextExpiry) return false;
    const before = this.#removed;
    this.#nextExpiry = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#used; slot += 1) {
      const expiry = this.#expiries[slot] as number;
      if (expiry === 0 || this.#kinds[slot] === DEAD) continue;
      if (expiry <= now) this.#removeAt(slot);
      else if (expiry < this.#nextExpiry) this.#nextExpiry = expiry;
    }
    return this.#removed > before;
  }

  /** Offset in `buckets` of the bucket of a seed. */
  bucketOf(hash: number): number {
    return (((hash >>> 0) * this.#bucketShare) | 0) * BUCKET_ENTRIES;
  }

  /** Whether the feature in a slot was not removed. */
  holds(slot: number): boolean {
    return this.#kinds[slot] !== DEAD;
  }

  /** Whether the feature in a slot is found only when it comes alone and unchanged. */
  isExactOnly(slot: number): boolean {
    return ((this.#kinds[slot] as number) & EXACT_ONLY) !== 0;
  }

  /** The feature in a slot that holds. */
  at(slot: number): KnownFeature {
    const kind = this.#kinds[slot] as number;
    const id = [this.#ids[slot * 2], this.#ids[slot * 2 + 1]].map((half) => (half ?? 0).toString(16).padStart(8, '0'));
    const category = CATEGORIES[(kind & ~EXACT_ONLY) >> 2] as Category;
    return { id: id.join(''), category, severity: ((kind & 3) + 1) as Severity };
  }

  /** The slot of a fingerprint; undefined when there is none, or it was removed. */
  find(fingerprint: Uint8Array): number | undefined {
    const slot = (this.#slots[this.#placeOf(...idOf(fingerprint))] as number) - 1;
    return slot < 0 || this.#kinds[slot] === DEAD ? undefined : slot;
  }

  /**
   * Share of equal bins of one half of a feature and of `bins`, of those that are filled in one of them; in [0, 1].
   * @param half 0 or 1
   */
  similarity(slot: number, bins: Uint8Array, half: 0 | 1): number {
    let equal = 0;
    let filled = 0;
    const from = slot * BIN_BYTES;
    const first = (half * BIN_BYTES) / 2;
    for (let at = first; at < first + BIN_BYTES / 2; at += 1) {
      const own = this.#bins[from + at] as number;
      const other = bins[at] as number;
      const either = own | other;
      const difference = own ^ other;
      if ((either & 0x0f) !== 0) {
        filled += 1;
        if ((difference & 0x0f) === 0) equal += 1;
      }
      if ((either & 0xf0) !== 0) {
        filled += 1;
        if ((difference & 0xf0) === 0) equal += 1;
      }
    }
    return filled === 0 ? 0 : equal / filled;
  }

  /**
   * Whether some feature may begin with what `hash` was made of; now and then true by accident.
   * @param kind 0 for the first opening, 1 for the second, 2 for the first one of a feature that is found only alone
   */
  mayBegin(kind: 0 | 1 | 2, hash: number): boolean {
    const filter = this.#openings[kind];
    const bit = hash & (filter.length * 8 - 1);
    return ((filter[bit >>> 3] as number) & (1 << (bit & 7))) !== 0;
  }

  #slotOf(id: string): number | undefined {
    const bytes = Buffer.from(id, 'hex');
    return bytes.length === 8 ? this.find(bytes) : undefined;
  }

  #addSeeds(slot: number, { letters, openings, near }: Signature): void {
    if (near === undefined) {
      this.#longestExact = Math.max(this.#longestExact, letters);
      this.#begin(2, openings[0]);
      return;
    }
    this.#near += 1;
    this.#begin(0, openings[0]);
    this.#begin(1, openings[1]);
    this.#bins.set(near.bins, slot * BIN_BYTES);
    this.#keepRarest(slot, near.seeds);
  }

  /** Makes entries of the rarest seeds: of one in each part of the feature first, then of whichever are left. */
  #keepRarest(slot: number, { hashes, places }: Seeds): void {
    const alike = Array.from(hashes, (hash) => this.#alike(hash));
    const byRarity = [...hashes.keys()].sort((left, right) => (alike[left] as number) - (alike[right] as number));
    const parts = new Set<number>();
    const later: number[] = [];
    for (const seed of byRarity) {
      const part = Math.floor(((places[seed] as number) * KEPT_SEEDS) / PLACES);
      if (parts.has(part)) later.push(seed);
      else if (this.#enter(slot, hashes[seed] as number, places[seed] as number)) parts.add(part);
    }
    for (const seed of later) {
      if ((this.#entries[slot] as number) >= KEPT_SEEDS) return;
      this.#enter(slot, hashes[seed] as number, places[seed] as number);
    }
  }

  /** How many entries a seed has; `BUCKET_ENTRIES` where there is no room for another. */
  #alike(hash: number): number {
    const { buckets, tagMask } = this;
    const from = this.bucketOf(hash);
    let alike = 0;
    for (let at = from; at < from + BUCKET_ENTRIES; at += 1) {
      const entry = buckets[at] as number;
      if (entry === 0) return alike;
      if (((entry ^ hash) & tagMask) === 0) alike += 1;
    }
    return BUCKET_ENTRIES;
  }

  /** Makes an entry of a seed; returns whether there was room. */
  #enter(slot: number, hash: number, place: number): boolean {
    const { buckets, tagMask, slotShift } = this;
    const from = this.bucketOf(hash);
    const own = this.#entries[slot] as number;
    let alike = 0;
    // It is worth it only from one that has two more: both are better off.
    let most = own + 1;
    let at = -1;
    for (let place = from; place < from + BUCKET_ENTRIES; place += 1) {
      const entry = buckets[place] as number;
      if (entry === 0) {
        if (alike < MAX_ALIKE) at = place;
        break;
      }
      if (((entry ^ hash) & tagMask) !== 0) continue;
      alike += 1;
      const entries = this.#entries[entry >>> slotShift] as number;
      if (entries <= most) continue;
      most = entries;
      at = place;
    }
    if (at < 0) return false;
    const loser = buckets[at] as number;
    if (loser !== 0) this.#entries[loser >>> slotShift] = most - 1;
    const entry = (slot << slotShift) | (place << (slotShift - PLACE_BITS)) | (hash & tagMask);
    // 0 is a free entry; the one seed that would be written as 0 does without.
    if (entry === 0) return false;
    buckets[at] = entry;
    this.#entries[slot] = own + 1;
    return true;
  }

  #removeAt(slot: number): void {
    this.#kinds[slot] = DEAD;
    this.#removed += 1;
  }

  #expire(slot: number, expiresMs: number | null): void {
    const expiry = expiresMs === null ? 0 : Math.min(Math.ceil(expiresMs / 1000), MAX_SECOND);
    this.#expiries[slot] = expiry;
    if (expiry !== 0) this.#nextExpiry = Math.min(this.#nextExpiry, expiry);
  }

  #begin(kind: 0 | 1 | 2, hash: number): void {
    const filter = this.#openings[kind];
    const bit = hash & (filter.length * 8 - 1);
    filter[bit >>> 3] = (filter[bit >>> 3] as number) | (1 << (bit & 7));
  }

  /** Where the slot of an id stands in `#slots`, or would. */
  #placeOf(high: number, low: number): number {
    const mask = this.#slots.length - 1;
    for (let place = low & mask; ; place = (place + 1) & mask) {
      const slot = (this.#slots[place] as number) - 1;
      if (slot < 0 || (this.#ids[slot * 2] === high && this.#ids[slot * 2 + 1] === low)) return place;
    }
  }
}

function idOf(fingerprint: Uint8Array): [number, number] {
  const view = new DataView(fingerprint.buffer, fingerprint.byteOffset);
  return [view.getUint32(0), view.getUint32(4)];
}
