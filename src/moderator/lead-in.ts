import { type DecidedDetection, type Holds, type Lexicon, LexiconScanner } from '../lexicon/index.js';
import { LETTER, tailOf } from './text-edges.js';

/** What reads on from a text that stands before. */
export interface LeadInOptions {
  readonly lexicon: Lexicon;
  readonly holds: Holds;
}

/**
 * Finds list matches that begin in a text before and end in this one. It reads only as long as something that began before
 * may still match, one unit at a time, so that where it is over depends on the text and never on how it was cut.
 */
export class LeadIn {
  readonly #scanner: LexiconScanner;
  readonly #before: string;
  /** The text read so far. */
  #read = '';
  #isOpen: boolean;

  /** @param before text that this one goes on from, judged elsewhere */
  constructor(before: string, { lexicon, holds }: LeadInOptions) {
    this.#before = tailOf(before);
    this.#scanner = new LexiconScanner(lexicon, { holds });
    this.#scanner.feed(this.#before);
    this.#isOpen = this.#mayMatch;
  }

  /** Whether a match that began before may still complete; until it cannot, no text may leave. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Offset of this text behind which no such match could complete any more, UTF-16 units; infinite while one may. */
  get closedAt(): number {
    return this.#isOpen ? Number.POSITIVE_INFINITY : this.#read.length;
  }

  /** Reads text while that makes sense; returns the matches that were decided, with spans and offsets of this text. */
  feed(text: string, isLast: boolean): DecidedDetection[] {
    const found: DecidedDetection[] = [];
    for (let at = 0; at < text.length && this.#isOpen; at += 1) {
      const unit = text.charAt(at);
      this.#read += unit;
      this.#scanner.feed(unit);
      this.#isOpen = this.#mayMatch;
      this.#take(found);
    }
    if (!isLast || !this.#isOpen) return found;
    this.#isOpen = false;
    this.#scanner.end();
    this.#take(found);
    return found;
  }

  get #mayMatch(): boolean {
    return this.#before !== '' && this.#scanner.releasePoint < this.#before.length;
  }

  #take(found: DecidedDetection[]): void {
    const shift = this.#before.length;
    for (const { span, decidedAt, ...rest } of this.#scanner.take()) {
      const { start, end } = { start: span.start - shift, end: span.end - shift };
      if (start >= 0 || end <= 0) continue;
      if (!LETTER.test(this.#before.slice(span.start)) || !LETTER.test(this.#read.slice(0, end))) continue;
      found.push({ ...rest, span: { start: 0, end }, startsBefore: -start, decidedAt: decidedAt - shift, heldFrom: 0 });
    }
  }
}

/** Returns list hits of a text and of its lead-in in the order they were decided; while the lead-in was open, nothing may leave. */
export function mergeLeadIn(
  own: readonly DecidedDetection[],
  found: readonly DecidedDetection[],
  { closedAt }: Pick<LeadIn, 'closedAt'>,
): DecidedDetection[] {
  const held = own.map((hit) => (hit.decidedAt < closedAt ? { ...hit, heldFrom: 0 } : hit));
  return [...held, ...found].sort((left, right) => left.decidedAt - right.decidedAt);
}
