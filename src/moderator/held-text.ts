import type { Span } from '../core/index.js';

/** The tail of a stream that has not left yet, and the masks that stand in it. Offsets are those of the whole text. */
export class HeldText {
  readonly #mask: string;
  #text = '';
  #released = 0;
  /** Spans that a mask replaces, in order of their start. */
  #redactions: Span[] = [];
  /** End of the span whose mask was sent last. */
  #maskedUntil = -1;
  #endsInHalfPair = false;

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
    this.#text = this.#text === '' ? text : this.#text + text;
    this.#endsInHalfPair = (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
  }

  /** Notes a span, not all of which has left, that a mask replaces from where it has not. */
  redact(span: Span): void {
    this.#redactions.push(span);
    this.#redactions.sort((left, right) => left.start - right.start);
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
    while (this.#redactions[0] !== undefined && this.#redactions[0].start < point) {
      const { start, end } = this.#redactions[0];
      this.#redactions.shift();
      // Overlapping and adjacent spans share one mask, unless text between them has left at a limit.
      if (Math.max(start, this.#released) > this.#maskedUntil) {
        copyUntil(start);
        leaving += this.#mask;
      }
      this.#maskedUntil = Math.max(this.#maskedUntil, end);
    }
    copyUntil(point);
    this.#text = this.#text.slice(point - base);
    return leaving;
  }

  /** The nearest offset at or behind `offset` that cuts no surrogate pair in two; before it where the other half is not here yet. */
  besidePair(offset: number): number {
    const at = offset - this.#released;
    if ((this.#text.charCodeAt(at - 1) & 0xfc00) !== 0xd800) return offset;
    if (at === this.#text.length) return offset - 1;
    return (this.#text.charCodeAt(at) & 0xfc00) === 0xdc00 ? offset + 1 : offset;
  }

  /** The end of the text that waits, without half a surrogate pair whose other half is not here yet. */
  get end(): number {
    return this.#released + this.#text.length - (this.#endsInHalfPair && this.#text !== '' ? 1 : 0);
  }

  /** Forgets what waits: it will never leave. */
  drop(): void {
    this.#text = '';
    this.#redactions = [];
  }
}
