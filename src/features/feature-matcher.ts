import type { Category, FeatureDetection, Severity } from '../core/index.js';
import { BUCKET_ENTRIES, type FeatureIndex, type KnownFeature, PLACE_BITS } from './feature-index.js';
import type { FeatureKey } from './feature-key.js';
import { LetterReader, MAX_READ_CHARS, RING_LETTERS, RING_WORDS } from './letter-reader.js';
import type { Letters } from './letters.js';
import { OPENING_LETTERS, SEED_LETTERS, type Shingles } from './shingles.js';
import { Sightings } from './sightings.js';
import { MAX_LETTERS, MIN_LETTERS } from './sign-text.js';
import { PLACES } from './signature.js';

/**
 * Shares of equal bins from which a text counts as a feature that was changed: of each half, and of both on average. Chosen on
 * train rows for 95 % recall where 15 % of the characters of an English text are edited, the hardest case; how few harmless texts
 * reach them shows `npm run bench -- features`.
 */
const NEAR_SIMILARITY = { half: 0.15, both: 0.26 } as const;
/** Part of the letters of a feature that a text must have behind its beginning to be that feature, with some left out. */
const LEAST_LENGTH = 0.8;
/** Letters within which a text that begins as a feature does must show to be it; two seeds are seen by then. */
const OPENING_LIFE = 192;
/** Position at which a matcher that reads text after text begins anew. */
const MAX_POSITION = 1 << 30;
/** A position that no text comes to. */
const NEVER = 2 ** 31 - 1;

/** A feature that was found, at the offset (UTF-16 units) that decided it. */
export interface DecidedFeature {
  readonly detection: FeatureDetection;
  readonly decidedAt: number;
}

/** What a matcher looks for, and by which key. */
export interface MatcherParts {
  readonly key: FeatureKey;
  readonly letters: Letters;
  readonly shingles: Shingles;
  readonly index: FeatureIndex;
  /** Room for the seeds of one reading, shared by matchers: nothing stays in it. `Int32Array` of length 2 * `RING_LETTERS`. */
  readonly seeds: Int32Array;
  /** Room for the bins of one comparison, shared as well. `Uint8Array` of length `BIN_BYTES`. */
  readonly bins: Uint8Array;
  /** Features, by id, that it passes over; none when left out. */
  readonly without?: ReadonlySet<string>;
}

interface Candidate {
  readonly slot: number;
  /** Position of its first letter. */
  readonly start: number;
  /** Position of the letter behind the last of the feature. */
  readonly end: number;
  /** Position of the letter with which it is judged, unless the text ends before. */
  readonly due: number;
  /** Where the text waits from, UTF-16 units. */
  readonly heldFrom: number;
  readonly category: Category;
  readonly severity: Severity;
}

/**
 * Finds features in one text after the other, each whole or in pieces: what it finds, and when, does not depend on how the
 * text was cut. O(text length).
 */
export class FeatureMatcher {
  readonly #parts: MatcherParts;
  readonly #reader: LetterReader;
  readonly #sightings: Sightings;
  /** First word that the text may still wait for. */
  #firstWord = 0;
  #ended = false;
  #candidates: Candidate[] = [];
  /** The first position with which a candidate is judged. */
  #nextDue = NEVER;
  #decided: DecidedFeature[] = [];

  constructor(parts: MatcherParts) {
    this.#parts = parts;
    this.#reader = new LetterReader(parts.letters);
    this.#sightings = new Sightings(parts.index.letters);
  }

  /** What it looks things up in. */
  get index(): FeatureIndex {
    return this.#parts.index;
  }

  /** Begins a text. */
  reset(): void {
    const starts = this.#reader.at > MAX_POSITION;
    this.#reader.reset(starts ? 1 : this.#reader.at);
    if (starts) this.#sightings.clear();
    this.#sightings.reset(this.#reader.base);
    this.#ended = false;
    this.#firstWord = 0;
    this.#candidates = [];
    this.#nextDue = NEVER;
    this.#decided = [];
  }

  /** Reads the next piece. */
  feed(text: string): void {
    const reader = this.#reader;
    for (let from = 0; from < text.length; from += MAX_READ_CHARS) {
      const first = reader.at;
      reader.read(text, from, Math.min(from + MAX_READ_CHARS, text.length));
      const range = { from: first, to: reader.at, base: reader.base };
      if (this.#parts.index.hasNear) this.#look(this.#parts.shingles.seeds(reader.ring, range, this.#parts.seeds));
      this.#judgeDue(reader.at);
    }
  }

  /** Reads the end of the text. */
  end(): void {
    this.#ended = true;
    this.#reader.end();
    for (const candidate of this.#candidates) this.#judge(candidate, this.#reader.at, this.#reader.offset);
    this.#candidates = [];
    this.#nextDue = NEVER;
    this.#judgeWhole();
  }

  /** What was decided since the last call. */
  take(): readonly DecidedFeature[] {
    if (this.#decided.length === 0) return [];
    const decided = this.#decided;
    this.#decided = [];
    return decided;
  }

  /** Offset before which no feature can begin that is still to be found, but for one whose beginning was changed. */
  get releasePoint(): number {
    if (this.#ended) return Number.POSITIVE_INFINITY;
    let point = this.#wordPoint;
    for (const { heldFrom } of this.#candidates) point = Math.min(point, heldFrom);
    return point;
  }

  /** Looks up so many seeds. */
  #look(count: number): void {
    const { index, seeds } = this.#parts;
    const { buckets, tagMask, slotShift } = index;
    // First all buckets are touched: so the memory is waited for once, not once for each.
    let touched = 0;
    for (let seed = 0; seed < count * 2; seed += 2) touched ^= buckets[index.bucketOf(seeds[seed] as number)] as number;
    // Put somewhere, or the compiler would leave the reading out.
    seeds[count * 2] = touched;
    for (let seed = 0; seed < count * 2; seed += 2) {
      const hash = seeds[seed] as number;
      const end = seeds[seed + 1] as number;
      if (end > this.#nextDue) this.#judgeDue(end - 1);
      const from = index.bucketOf(hash);
      for (let at = from; at < from + BUCKET_ENTRIES; at += 1) {
        const entry = buckets[at] as number;
        if (entry === 0) break;
        if (((entry ^ hash) & tagMask) !== 0) continue;
        const slot = entry >>> slotShift;
        const place = (entry >>> (slotShift - PLACE_BITS)) & (PLACES - 1);
        if (this.#sightings.note(slot, end, place)) this.#expect(slot, this.#sightings.start, end);
      }
    }
  }

  #expect(slot: number, start: number, at: number): void {
    // Every further seed tells of it again.
    if (this.#candidates.some((candidate) => candidate.slot === slot)) return;
    const known = this.#known(slot);
    if (known === undefined) return;
    const { index } = this.#parts;
    const letters = index.letters[slot] as number;
    const { category, severity } = known;
    const { base, starts } = this.#reader;
    const heldFrom = this.#openingNear(start, letters, at) ?? (starts[(at - 1) & (RING_LETTERS - 1)] as number);
    const slack = letters >> 3;
    // Where the text itself begins or ends about there, its border is that of the feature.
    const from = start - base <= slack ? base : start;
    const end = Math.max(start + letters, at);
    const due = end + slack;
    this.#candidates.push({ slot, start: from, end, due, heldFrom, category, severity });
    this.#nextDue = Math.min(this.#nextDue, due);
  }

  /** The feature in a slot; undefined when it is not to be found. */
  #known(slot: number): KnownFeature | undefined {
    const { index, without } = this.#parts;
    if (!index.holds(slot)) return undefined;
    const known = index.at(slot);
    return without?.has(known.id) === true ? undefined : known;
  }

  /** Judges the candidates that are due before `until`, in their order. */
  #judgeDue(until: number): void {
    if (until < this.#nextDue) return;
    const due = this.#candidates.filter((candidate) => candidate.due <= until);
    this.#candidates = this.#candidates.filter((candidate) => candidate.due > until);
    this.#nextDue = this.#candidates.reduce((next, candidate) => Math.min(next, candidate.due), NEVER);
    due.sort((left, right) => left.due - right.due);
    for (const candidate of due) {
      this.#judge(candidate, candidate.end, this.#reader.ends[(candidate.due - 1) & (RING_LETTERS - 1)] as number);
    }
  }

  /** Compares a candidate with the letters before `end`, decided at an offset. */
  #judge({ slot, start, heldFrom, category, severity }: Candidate, end: number, decidedAt: number): void {
    const { index, shingles, bins } = this.#parts;
    if (!index.holds(slot) || end - start < (index.letters[slot] as number) * LEAST_LENGTH) return;
    shingles.bins(this.#reader.ring, { start, end }, bins);
    const halves = [index.similarity(slot, bins, 0), index.similarity(slot, bins, 1)] as const;
    if (Math.min(...halves) < NEAR_SIMILARITY.half || (halves[0] + halves[1]) / 2 < NEAR_SIMILARITY.both) return;
    const span = { start: heldFrom, end: decidedAt };
    this.#decided.push({
      detection: { source: 'features', category, severity, span, featureId: index.at(slot).id },
      decidedAt,
    });
  }

  /** Asks for the whole text as it is: what is too short to be found otherwise. */
  #judgeWhole(): void {
    const { index, key } = this.#parts;
    const { base, at: end, ring, wordStarts } = this.#reader;
    const length = end - base;
    if (length < MIN_LETTERS || length > Math.min(index.longestExact, MAX_LETTERS)) return;
    const letters = new Int32Array(length);
    for (let at = 0; at < length; at += 1) letters[at] = ring[(base + at) & (RING_LETTERS - 1)] as number;
    const slot = index.find(key.fingerprint(letters));
    const known = slot === undefined || !index.isExactOnly(slot) ? undefined : this.#known(slot);
    if (known === undefined) return;
    const { id: featureId, category, severity } = known;
    const decidedAt = this.#reader.offset;
    const span = { start: wordStarts[0] as number, end: decidedAt };
    this.#decided.push({ detection: { source: 'features', category, severity, span, featureId }, decidedAt });
  }

  /** Offset of the first word that may be the beginning of a feature; the end of the text when none may. */
  get #wordPoint(): number {
    const { wordCount, wordStarts, at } = this.#reader;
    for (let word = Math.max(this.#firstWord, wordCount - RING_WORDS); word < wordCount; word += 1) {
      this.#firstWord = word;
      if (this.#mayBegin(word, at)) return wordStarts[word & (RING_WORDS - 1)] as number;
    }
    this.#firstWord = wordCount;
    return this.#reader.offset;
  }

  /** Whether a word may, with the letters before `end`, be the beginning of a feature that has not shown yet. */
  #mayBegin(word: number, end: number): boolean {
    const { index, shingles } = this.#parts;
    const { words } = this.#reader;
    const at = words[word & (RING_WORDS - 1)] as number;
    const age = end - at;
    if (word === 0 && this.#mayBeWhole(at, age)) return true;
    if (!index.hasNear || age >= OPENING_LIFE) return false;
    if (age < OPENING_LETTERS.first) return true;
    if (!index.mayBegin(0, shingles.opening(this.#reader.ring, at, OPENING_LETTERS.first))) return false;
    if (age < OPENING_LETTERS.second) return true;
    return index.mayBegin(1, shingles.opening(this.#reader.ring, at, OPENING_LETTERS.second));
  }

  /** Whether the text so far may be a feature that is found only alone. */
  #mayBeWhole(at: number, age: number): boolean {
    const { index, shingles } = this.#parts;
    if (age > index.longestExact) return false;
    return (
      age < OPENING_LETTERS.first || index.mayBegin(2, shingles.opening(this.#reader.ring, at, OPENING_LETTERS.first))
    );
  }

  /** Offset of the first word that begins as a feature does, about where one stands. */
  #openingNear(start: number, letters: number, end: number): number | undefined {
    const { wordCount, words, wordStarts } = this.#reader;
    const slack = letters / 8 + SEED_LETTERS.spaced;
    for (let word = Math.max(0, wordCount - RING_WORDS); word < wordCount; word += 1) {
      const at = words[word & (RING_WORDS - 1)] as number;
      if (at > start + slack || at >= end) return undefined;
      if (at >= start - slack && this.#mayBegin(word, end)) return wordStarts[word & (RING_WORDS - 1)];
    }
    return undefined;
  }
}
