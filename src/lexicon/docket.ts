import type { LexiconDetection, Span } from '../core/index.js';
import type { Condition, LexiconEntry } from './entry.js';
import type { Pattern } from './pattern.js';
import { cutsWord, WORD_LOOK_AHEAD, WORD_LOOK_BACK } from './word-check.js';

/** A match whose fate is not decided yet. */
export interface Candidate {
  readonly entry: LexiconEntry;
  readonly pattern: Pattern;
  readonly start: number;
  end: number;
  /** Whether it was found among spelled-out letters. */
  readonly spelled: boolean;
  /** Whether text waits for it. */
  readonly holds: boolean;
}

/** Why a candidate counts or does not. */
export type Outcome =
  | { readonly kind: 'counts' }
  | { readonly kind: 'allowed'; readonly by: Span }
  | { readonly kind: 'cuts-word' }
  | { readonly kind: 'unless'; readonly by: Span; readonly condition: Condition }
  | { readonly kind: 'near-missing'; readonly condition: Condition };

/** A hit and the offset of the text, UTF-16 units, that had to be read before it was decided. */
export interface DecidedDetection extends LexiconDetection {
  readonly decidedAt: number;
  /** The release point at that moment; known where the scanner was told what `holds`. */
  readonly heldFrom: number;
}

/** What the docket asks of the scanner at the time of a decision. */
export interface DocketText {
  /** Text from `start` to `end`, as far as it was read, without what matching skips. */
  readable(start: number, end: number): string;
  /** Numbers of the phrases of each condition. */
  readonly conditionPhrases: ReadonlyMap<Condition, readonly number[]>;
  /** Offset up to which the text was read, UTF-16 units. */
  position(): number;
  ended(): boolean;
  /** Start of the earliest allow-phrase that may still complete. */
  allowStart(): number;
  /** Start of the earliest match that text waits for and that may still complete. */
  openStart(): number;
  /** First offset from `end` on that holds something matching does not skip; `undefined` when that was not read yet. */
  skipFrom(end: number): number | undefined;
}

const COUNTS: Outcome = { kind: 'counts' };
/** Condition phrases farther back than any bounded `within` are forgotten, but for the first of each. */
const REMEMBERED_UNITS = 16_384;
/** Decided candidates that are kept to know a match that is reported again. */
const RECENT = 32;

/** Keeps candidates until the text read so far determines their fate, and decides them in order. */
export class Docket {
  readonly #text: DocketText;
  readonly #observe: ((candidate: Candidate, outcome: Outcome) => void) | undefined;
  #pending: Candidate[] = [];
  #recent: Candidate[] = [];
  #allowed: Span[] = [];
  readonly #seen = new Map<number, Span[]>();
  #decided: DecidedDetection[] = [];
  /** No candidate can be decided before this offset is read. */
  #nextReady = Number.POSITIVE_INFINITY;

  constructor(text: DocketText, observe?: (candidate: Candidate, outcome: Outcome) => void) {
    this.#text = text;
    this.#observe = observe;
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

  /** Notes a match of the condition phrase of that number. */
  see(number: number, span: Span): void {
    const seen = this.#seen.get(number);
    if (seen === undefined) this.#seen.set(number, [span]);
    else if (seen.at(-1)?.start !== span.start || seen.at(-1)?.end !== span.end) seen.push(span);
  }

  /** Takes in a match of a term; the same match found twice counts once. */
  add(candidate: Candidate): void {
    const { entry, start, end } = candidate;
    const isSame = (other: Candidate): boolean => other.entry === entry && other.start === start && other.end === end;
    // The two readings of a symbol may report one match a symbol apart.
    if (this.#pending.some(isSame) || this.#recent.some(isSame)) return;
    this.#pending.push(candidate);
    this.#nextReady = Math.min(this.#nextReady, this.#readyAt(candidate));
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
    const still: Candidate[] = [];
    const done: Candidate[] = [];
    let next = Number.POSITIVE_INFINITY;
    let allowStart: number | undefined;
    for (const candidate of this.#pending) {
      // What matching skips behind the last letter belongs to it: a mask must not leave an accent behind.
      const end = this.#text.skipFrom(candidate.end);
      candidate.end = end ?? position;
      const readyAt = this.#readyAt(candidate);
      allowStart ??= ended ? Number.POSITIVE_INFINITY : this.#text.allowStart();
      if (ended || (end !== undefined && position >= readyAt && allowStart > candidate.start)) done.push(candidate);
      else {
        still.push(candidate);
        next = Math.min(next, Math.max(readyAt, position + 1));
      }
    }
    this.#pending = still;
    this.#nextReady = next;
    done.sort((a, b) => a.end - b.end || a.start - b.start);
    this.#recent.push(...done);
    if (this.#recent.length > RECENT) this.#recent = this.#recent.slice(-RECENT);
    let heldFrom: number | undefined;
    for (const candidate of done) {
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
        decidedAt: position,
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

  /** Forgets what no later decision can need of the text before `offset`. */
  forget(offset: number): void {
    this.#allowed = this.#allowed.filter(({ end }) => end >= offset);
    for (const [number, seen] of this.#seen) {
      const kept = seen.filter(({ end }, index) => index === 0 || end >= offset - REMEMBERED_UNITS);
      this.#seen.set(number, kept);
    }
  }

  #outcomeOf({ start, end, entry, pattern, spelled }: Candidate): Outcome {
    const by = this.#allowed.find(
      (span) => span.start <= start && span.end >= end && span.end - span.start > end - start,
    );
    if (by !== undefined) return { kind: 'allowed', by };
    for (const condition of entry.conditions) {
      const found = this.#findNear(condition, { start, end }, entry.within);
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

  /** A phrase of the condition that stands near enough to a hit, and not inside it: a condition speaks of the context. */
  #findNear(condition: Condition, hit: Span, { back, ahead }: LexiconEntry['within']): Span | undefined {
    for (const number of this.#text.conditionPhrases.get(condition) ?? []) {
      const seen = this.#seen.get(number) ?? [];
      for (let index = seen.length - 1; index >= 0; index -= 1) {
        const at = seen[index] as Span;
        if (at.end < hit.start - back) break;
        if (at.end <= hit.end + ahead && !(at.start >= hit.start && at.end <= hit.end)) return at;
      }
    }
    return undefined;
  }
}
