import type { Detection, Span, Verdict } from '../core/index.js';
import { Screening, type ScreeningOptions } from './screening.js';

/** What a stream needs besides the detectors. */
export interface StreamModeratorOptions extends ScreeningOptions {
  /** Most text that may wait, UTF-16 units; more is treated as a block. */
  readonly maxHoldChars: number;
}

/** Judges one channel of streamed text. What has left after a given text never depends on how the text was cut. */
export class StreamModerator {
  readonly #screening: Screening;
  readonly #options: StreamModeratorOptions;
  readonly #enforces: boolean;
  #held = '';
  #released = 0;
  #redactions: Span[] = [];
  /** End of the span whose mask was sent last. */
  #maskedUntil = -1;
  #blocked = false;
  #overflowed = false;
  #ended = false;

  constructor(options: StreamModeratorOptions) {
    this.#options = options;
    this.#screening = new Screening(options);
    this.#enforces = options.policy.mode === 'enforce';
  }

  /** Whether the stream was stopped; from then on nothing leaves. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Text that waits, UTF-16 units. */
  get heldChars(): number {
    return this.#held.length;
  }

  /** Reads the next piece; returns the text that may leave now, redactions applied. */
  push(text: string): string {
    if (this.#blocked || this.#ended) return '';
    if (this.#enforces) this.#held += text;
    let leaving = '';
    this.#screening.push(text, (found) => {
      leaving += this.#advance(found);
      return !this.#blocked;
    });
    return this.#enforces ? leaving : text;
  }

  /** Reads the end of the text; returns the rest that may leave. */
  end(): string {
    if (this.#blocked || this.#ended) return '';
    this.#ended = true;
    return this.#advance(this.#screening.end());
  }

  /** The verdict so far; final after `end` or a block. Hits after a block are not collected. */
  verdict(): Verdict {
    const verdict = this.#screening.verdict();
    return this.#overflowed ? { ...verdict, action: 'block', applied: 'block' } : verdict;
  }

  #advance(found: readonly Detection[]): string {
    if (!this.#enforces) return '';
    let point = this.#screening.releasePoint;
    if (found.length > 0 || this.#screening.failed.length > 0) {
      const { action, hits } = this.#screening.decide(found);
      for (const hit of hits) {
        if (hit.action === 'redact') this.#redactions.push(hit.span);
        if (hit.action === 'block') point = Math.min(point, hit.span.start);
      }
      this.#redactions.sort((left, right) => left.start - right.start);
      if (action === 'block') {
        this.#blocked = true;
        // A failed detector has judged nothing of this step; what was released before stays the last text.
        if (!hits.some((hit) => hit.action === 'block')) point = this.#released;
      }
    }
    const leaving = this.#release(Math.max(point, this.#released));
    if (!this.#blocked && this.#screening.position - this.#released > this.#options.maxHoldChars) {
      this.#blocked = true;
      this.#overflowed = true;
    }
    if (this.#blocked) this.#held = '';
    return leaving;
  }

  #release(point: number): string {
    const base = this.#released;
    let leaving = '';
    const copyUntil = (end: number): void => {
      const from = Math.max(this.#released, this.#maskedUntil);
      if (end > from) leaving += this.#held.slice(from - base, end - base);
      this.#released = Math.max(this.#released, end);
    };
    while (this.#redactions[0] !== undefined && this.#redactions[0].start < point) {
      const { start, end } = this.#redactions[0];
      this.#redactions.shift();
      // Overlapping and adjacent spans share one mask.
      if (start > this.#maskedUntil) {
        copyUntil(start);
        leaving += this.#options.policy.mask;
      }
      this.#maskedUntil = Math.max(this.#maskedUntil, end);
    }
    copyUntil(point);
    this.#held = this.#held.slice(point - base);
    return leaving;
  }
}
