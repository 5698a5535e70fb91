import type { Span } from '../core/index.js';

/** The tail of a stream that has not left yet, and the masks that stand in it. Offsets are those of the whole text. */
export class HeldText {
  readonly #mask: string;
  #text = '';
  #released = 0;
  /** Spans that a mask replaces, in order of their start, from `#next` on. */
  #redactions: Span[] = [];
  #next = 0;
  /** End of the span whose mask was sent last. */
  #maskedUntil = -1;
  /** The piece that came last, and whether what came before it ends in half a surrogate pair. */
  #piece = '';
  #isBehindHalf = false;

  constructor(mask: string) {
    this.#mask = mask;
  }

  /** Text that waits, UTF-16 units. */
  get length(): number {
    return this.#text.length;
  }

  /** Offset up to which the text has left, as it is or masked. */
  get released(): number {
    return this.#released;
  }

  /** Takes in the next piece. */
  append(text: string): void {
    if (text === '') return;
    this.#isBehindHalf = isFirstHalf(this.#piece.charCodeAt(this.#piece.length - 1));
    this.#piece = text;
    this.#text = this.#text === '' ? text : this.#text + text;
  }

  /** Notes a span, not all of which has left, that a mask replaces from where it has not. */
  redact(span: Span): void {
    const spans = this.#redactions;
    // Spans come nearly in order: sorting all of them for each would cost as much as all.
    let at = spans.length;
    while (at > this.#next && (spans[at - 1] as Span).start > span.start) at -= 1;
    if (at === spans.length) spans.push(span);
    else spans.splice(at, 0, span);
  }

  /** Lets the text before `point` go, and the mask of every span that begins before it; nothing when it has left already. */
  release(point: number): string {
    if (point <= this.#released) return '';
    const base = this.#released;
    let leaving = '';
    const copyUntil = (end: number): void => {
      const from = Math.max(this.#released, this.#maskedUntil);
      if (end > from) leaving += this.#text.slice(from - base, end - base);
      this.#released = Math.max(this.#released, end);
    };
    for (let span = this.#redactions[this.#next]; span !== undefined && span.start < point; ) {
      const { start, end } = span;
      this.#next += 1;
      span = this.#redactions[this.#next];
      // Overlapping and adjacent spans share one mask, unless text between them has left at a limit.
      if (Math.max(start, this.#released) > this.#maskedUntil) {
        copyUntil(start);
        leaving += this.#mask;
      }
      this.#maskedUntil = Math.max(this.#maskedUntil, end);
    }
    copyUntil(point);
    this.#text = this.#text.slice(point - base);
    if (this.#next === this.#redactions.length) {
      this.#redactions = [];
      this.#next = 0;
    }
    return leaving;
  }

  /** The nearest offset at or behind `offset` that cuts no surrogate pair in two; before it where the other half is not here yet. */
  besidePair(offset: number): number {
    const at = offset - this.#released;
    if (!isFirstHalf(this.#text.charCodeAt(at - 1))) return offset;
    if (at === this.#text.length) return offset - 1;
    return (this.#text.charCodeAt(at) & 0xfc00) === 0xdc00 ? offset + 1 : offset;
  }

  /** `offset`, at most the last piece back, or before it where half a surrogate pair ends there: the other half may be to come. */
  beforeHalf(offset: number): number {
    // Looked up in the piece alone: all of the text would have to be joined for it.
    const at = offset - this.#released - this.#text.length + this.#piece.length;
    const isHalf = at > 0 ? isFirstHalf(this.#piece.charCodeAt(at - 1)) : this.#isBehindHalf;
    return isHalf ? offset - 1 : offset;
  }

  /** Forgets what waits: it will never leave. */
  drop(): void {
    this.#text = '';
    this.#redactions = [];
    this.#next = 0;
  }
}

function isFirstHalf(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}
