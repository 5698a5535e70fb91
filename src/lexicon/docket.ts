import type { LexiconDetection, Span } from '../core/index.js';
import type { ConditionIndex } from './condition-index.js';
import type { Condition, LexiconEntry } from './entry.js';
import type { OutputChains } from './output-chains.js';
import type { Pattern } from './pattern.js';
import { Sightings, type Verify } from './sightings.js';
import { cutsWord, WORD_LOOK_AHEAD, WORD_LOOK_BACK } from './word-check.js';

/** A match whose fate is not decided yet. */
export interface Candidate {
  readonly entry: LexiconEntry;
  readonly pattern: Pattern;
  readonly start: number;
  end: number;
  /** Whether `end` is final: what comes there is not skipped. Not asked again, for that would join the text for every piece. */
  isClosed: boolean;
  /** Whether it was found among spelled-out letters. */
  readonly spelled: boolean;
  /** Whether text waits for it. */
  readonly holds: boolean;
  /** Offset that has to be read before it can be decided, UTF-16 units. */
  readyAt: number;
}

/** Why a candidate counts or does not. */
export type Outcome =
  | { readonly kind: 'counts' }
  | { readonly kind: 'allowed'; readonly by: Span }
  | { readonly kind: 'cuts-word' }
  | { readonly kind: 'unless'; readonly by: Span; readonly condition: Condition }
  | { readonly kind: 'near-missing'; readonly condition: Condition };

/** A hit and the offset of the text, UTF-16 units, that had to be read before it was decided: behind the text when only its end did. */
export interface DecidedDetection extends LexiconDetection {
  readonly decidedAt: number;
  /** The release point at that moment; known where the scanner was told what `holds`. */
  readonly heldFrom: number;
}

/** What the docket asks of the scanner at the time of a decision. */
export interface DocketText {
  /** Text from `start` to `end`, as far as it was read, without what matching skips. */
  readable(start: number, end: number): string;
  readonly conditionIndex: ConditionIndex;
  readonly outputs: OutputChains;
  /** Reads a sighting of a condition phrase back. */
  readonly verify: Verify;
  /** Offset up to which the text was read, UTF-16 units. */
  position(): number;
  /** Offset up to which the text had to be here for that; behind the text once it has ended. */
  needed(): number;
  ended(): boolean;
  /** Start of the earliest allow-phrase that may still complete. */
  allowStart(): number;
  /** Start of the earliest match that text waits for and that may still complete. */
  openStart(): number;
  /** First offset from `end` on that holds something matching does not skip; `undefined` when that was not read yet. */
  skipFrom(end: number): number | undefined;
}

const COUNTS: Outcome = { kind: 'counts' };
/** Decided candidates that are kept to know a match that is reported again. */
const RECENT = 32;

/** Keeps candidates until the text read so far determines their fate, and decides them in order. */
export class Docket {
  readonly #text: DocketText;
  readonly #observe: ((candidate: Candidate, outcome: Outcome) => void) | undefined;
  #pending: Candidate[] = [];
  #recent: Candidate[] = [];
  #allowed: Span[] = [];
  readonly #sightings: Sightings;
  #decided: DecidedDetection[] = [];
  #decidedCount = 0;
  /** No candidate can be decided before this offset is read. */
  #nextReady = Number.POSITIVE_INFINITY;

  constructor(text: DocketText, observe?: (candidate: Candidate, outcome: Outcome) => void) {
    this.#text = text;
    this.#observe = observe;
    this.#sightings = new Sightings({ index: text.conditionIndex, outputs: text.outputs, verify: text.verify });
  }

  /** Offset that has to be read before `settle` can decide anything. */
  get nextReady(): number {
    return this.#nextReady;
  }

  /** Start of the earliest candidate that text waits for, or `otherwise`. */
  heldFrom(otherwise: number): number {
    let least = otherwise;
    for (const { holds, start } of this.#pending) if (holds && start < least) least = start;
    return least;
  }

  /** Start of the earliest candidate of any kind, or `otherwise`. */
  neededFrom(otherwise: number): number {
    return this.#pending.reduce((least, { start }) => Math.min(least, start), otherwise);
  }

  /** Notes a match of an allow-phrase. */
  allow(span: Span): void {
    this.#allowed.push(span);
  }

  /** Notes that condition phrases may end at a place: see `Sightings`. */
  see(output: number, position: number, how: number): void {
    this.#sightings.add(output, position, how);
  }

  /** Takes in a match of a term; the same match found twice counts once. */
  add(candidate: Candidate): void {
    // The two readings of a symbol may report one match a symbol apart.
    if (has(this.#pending, candidate) || has(this.#recent, candidate)) return;
    candidate.readyAt = this.#readyAt(candidate);
    this.#pending.push(candidate);
    if (candidate.readyAt < this.#nextReady) this.#nextReady = candidate.readyAt;
  }

  #readyAt({ entry, pattern, end, spelled }: Candidate): number {
    const wordAhead = pattern.needsWordCheck && !spelled ? WORD_LOOK_AHEAD : 1;
    return end + Math.max(wordAhead, entry.conditions.length > 0 ? entry.within.ahead : 0);
  }

  /** Decides every candidate whose fate the text read so far determines. */
  settle(): void {
    const position = this.#text.position();
    const ended = this.#text.ended();
    if (position < this.#nextReady && !ended) return;
    const done: Candidate[] = [];
    let kept = 0;
    let next = Number.POSITIVE_INFINITY;
    let allowStart: number | undefined;
    for (const candidate of this.#pending) {
      if (ended || candidate.readyAt <= position) {
        // What matching skips behind the last letter belongs to it: a mask must not leave an accent behind.
        const end = candidate.isClosed ? candidate.end : this.#text.skipFrom(candidate.end);
        candidate.isClosed = end !== undefined;
        candidate.end = end ?? position;
        const readyAt = this.#readyAt(candidate);
        allowStart ??= ended ? Number.POSITIVE_INFINITY : this.#text.allowStart();
        if (ended || (end !== undefined && position >= readyAt && allowStart > candidate.start)) {
          done.push(candidate);
          continue;
        }
        candidate.readyAt = Math.max(readyAt, position + 1);
      }
      this.#pending[kept] = candidate;
      kept += 1;
      if (candidate.readyAt < next) next = candidate.readyAt;
    }
    this.#pending.length = kept;
    this.#nextReady = next;
    let heldFrom: number | undefined;
    if (!done.every((each, index) => index === 0 || order(done[index - 1] as Candidate, each) <= 0)) done.sort(order);
    for (const candidate of done) {
      if (this.#recent.length < RECENT) this.#recent.push(candidate);
      else this.#recent[this.#decidedCount % RECENT] = candidate;
      this.#decidedCount += 1;
      const outcome = this.#outcomeOf(candidate);
      this.#observe?.(candidate, outcome);
      if (outcome !== COUNTS) continue;
      const { entry, start, end } = candidate;
      heldFrom ??= ended ? position : this.heldFrom(this.#text.openStart());
      this.#decided.push({
        source: 'lexicon',
        category: entry.category,
        severity: entry.severity,
        termId: entry.id,
        span: { start, end },
        decidedAt: this.#text.needed(),
        heldFrom,
      });
    }
  }

  /** Hands over the hits decided since the last call, in the order they were decided. */
  take(): DecidedDetection[] {
    const decided = this.#decided;
    if (decided.length > 0) this.#decided = [];
    return decided;
  }

  /**
   * Forgets what no later decision can need.
   * @param open start of the earliest match to come, UTF-16 units
   * @param textFrom offset of the first text that can still be read
   */
  forget(open: number, textFrom: number): void {
    this.#allowed = this.#allowed.filter(({ end }) => end >= textFrom);
    this.#sightings.forget(open, textFrom);
  }

  #outcomeOf({ start, end, entry, pattern, spelled }: Candidate): Outcome {
    const by = this.#allowed.find(
      (span) => span.start <= start && span.end >= end && span.end - span.start > end - start,
    );
    if (by !== undefined) return { kind: 'allowed', by };
    for (const condition of entry.conditions) {
      const found = this.#sightings.find(condition, { start, end }, entry.within);
      if (condition.kind === 'unless' && found !== undefined) return { kind: 'unless', by: found, condition };
      if (condition.kind === 'near' && found === undefined) return { kind: 'near-missing', condition };
    }
    // Last, because asking the segmenter costs most.
    if (pattern.needsWordCheck && !spelled) {
      // What matching skips or reads over would split the words of the segmenter.
      const [before, hit, behind] = [
        this.#text.readable(Math.max(0, start - WORD_LOOK_BACK), start),
        this.#text.readable(start, end).replace(/[^\p{L}\p{N}\p{M}]/gu, ''),
        this.#text.readable(end, end + WORD_LOOK_AHEAD),
      ];
      if (cutsWord(before + hit + behind, before.length, before.length + hit.length)) return { kind: 'cuts-word' };
    }
    return COUNTS;
  }
}

function has(candidates: readonly Candidate[], { entry, start, end }: Candidate): boolean {
  for (const other of candidates) {
    if (other.start === start && other.entry === entry && other.end === end) return true;
  }
  return false;
}

function order(left: Candidate, right: Candidate): number {
  return left.end - right.end || left.start - right.start;
}
