import type { Clock, Detection, HoldNote, Span, Verdict } from '../core/index.js';
import type { ResolvedHold } from '../policy/index.js';
import { HeldText } from './held-text.js';
import { Screening, type ScreeningOptions } from './screening.js';
import { WaitingTimes } from './waiting-times.js';

/** What a stream needs besides the detectors. */
export interface StreamModeratorOptions extends ScreeningOptions {
  /** Asked for the time alone, and only where the policy bounds it. */
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Judges one channel of streamed text. What has left after a given text never depends on how the text was cut; a bound on
 * time is the one thing that can change that.
 */
export class StreamModerator {
  readonly #screening: Screening;
  readonly #enforces: boolean;
  readonly #hold: ResolvedHold;
  readonly #held: HeldText;
  readonly #waiting: WaitingTimes | undefined;
  #note: HoldNote | undefined;
  #blocked = false;
  #ended = false;
  /** Whether any text was masked. */
  #masked = false;
  /** End of what left at a limit. */
  #forcedUntil = 0;
  /** End of what was found too late, to count no character twice. */
  #missedUntil = 0;

  constructor({ clock, ...options }: StreamModeratorOptions) {
    const { policy, direction } = options;
    this.#screening = new Screening(options);
    this.#enforces = policy.mode === 'enforce';
    this.#hold = policy.hold[direction];
    this.#held = new HeldText(policy.mask);
    if (this.#enforces && this.#hold.maxMs < Number.POSITIVE_INFINITY) {
      this.#waiting = new WaitingTimes(clock, this.#hold.maxMs);
    }
  }

  /** Whether the stream was stopped; from then on nothing leaves. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Text that waits, UTF-16 units. */
  get heldChars(): number {
    return this.#held.length;
  }

  /** When `expire` has something to do, unless more text comes before, in milliseconds since the Unix epoch; `undefined` for never. */
  get dueAtMs(): number | undefined {
    return this.#blocked || this.#ended ? undefined : this.#waiting?.dueAtMs;
  }

  /** Reads the next piece; returns the text that may leave now, redactions applied. */
  push(text: string): string {
    if (!this.#enforces) return this.#observe(text);
    let leaving = this.expire();
    if (this.#blocked || this.#ended) return leaving;
    this.#held.append(text);
    this.#screening.push(text, (found, isStepEnd) => {
      leaving += this.#decide(found);
      if (isStepEnd) leaving += this.#boundLength();
      return !this.#blocked;
    });
    if (!this.#blocked) leaving += this.#held.release(this.#point);
    this.#waiting?.note({ held: this.#screening.position, released: this.#held.released });
    return leaving;
  }

  /** Reads the end of the text; returns the rest that may leave. */
  end(): string {
    if (this.#blocked || this.#ended) return '';
    let leaving = '';
    this.#screening.end((found, isStepEnd) => {
      leaving += this.#decide(found);
      if (isStepEnd) leaving += this.#boundLength();
      return !this.#blocked;
    });
    this.#ended = true;
    if (this.#enforces && !this.#blocked) leaving += this.#held.release(this.#screening.position);
    return this.#enforces ? leaving : '';
  }

  /** Applies the bound on time to the text that has waited as long as it may; returns what leaves on that account. */
  expire(): string {
    const overdue = this.#blocked || this.#ended ? undefined : this.#waiting?.overdue();
    if (overdue === undefined) return '';
    const until = this.#held.besidePair(overdue);
    if (until <= this.#held.released) return '';
    if (this.#hold.onLimit === 'block') return this.#stopAtLimit('maxHoldMs');
    const leaving = this.#releaseAtLimit('maxHoldMs', until);
    this.#waiting?.note({ held: this.#screening.position, released: this.#held.released });
    return leaving;
  }

  /** The verdict so far; final after `end` or a block. Hits after a block are not collected. */
  verdict(): Verdict {
    const judged = this.#screening.verdict();
    const note = this.#note;
    if (note === undefined) return judged;
    if (note.effect === 'blocked') return { ...judged, action: 'block', applied: 'block', hold: note };
    // A redaction that came too late has changed nothing.
    return judged.applied === 'redact' && !this.#masked
      ? { ...judged, applied: 'flag', hold: note }
      : { ...judged, hold: note };
  }

  /** Shadow and annotate: the text passes as it comes. */
  #observe(text: string): string {
    if (!this.#ended) this.#screening.push(text, () => true);
    return text;
  }

  /** Applies a decision; returns what leaves on that account. */
  #decide(found: readonly Detection[]): string {
    if (!this.#enforces) return '';
    if (found.length > 0 || this.#screening.failed.length > 0) {
      const { action, hits } = this.#screening.decide(found);
      // When a detector failed, no hit says from where: what was released before stays the last text.
      let blockedFrom = hits.some((hit) => hit.action === 'block') ? Number.POSITIVE_INFINITY : 0;
      for (const { action: hitAction, span } of hits) {
        if (hitAction === 'flag') continue;
        if (this.#hold.mode === 'none') this.#noteMissed(span);
        if (hitAction === 'block') blockedFrom = Math.min(blockedFrom, span.start);
        else if (this.#hold.mode !== 'none' && span.end > this.#forcedUntil) {
          this.#masked = true;
          this.#held.redact(span);
        }
      }
      if (action === 'block') return this.#block(blockedFrom);
    }
    return '';
  }

  /** Offset before which everything may leave now. */
  get #point(): number {
    const { mode } = this.#hold;
    if (mode === 'answer') return 0;
    if (mode === 'sentence') return Math.min(this.#screening.releasePoint, this.#screening.point);
    const read = this.#held.beforeHalf(this.#screening.position);
    return mode === 'none' ? read : Math.min(this.#screening.releasePoint, read);
  }

  #block(from: number): string {
    const leaving = this.#held.release(this.#hold.mode === 'none' ? this.#point : Math.min(from, this.#point));
    this.#blocked = true;
    this.#held.drop();
    return leaving;
  }

  /** Applies the bound on length; only where a step ends, or the cuts of the text would show. */
  #boundLength(): string {
    if (!this.#enforces || this.#blocked) return '';
    const { maxChars, onLimit } = this.#hold;
    const { position } = this.#screening;
    if (position - this.#held.released <= maxChars) return '';
    const leaving = this.#held.release(this.#point);
    if (position - this.#held.released <= maxChars) return leaving;
    if (onLimit === 'block') return leaving + this.#stopAtLimit('maxHoldChars');
    return leaving + this.#releaseAtLimit('maxHoldChars', position - maxChars);
  }

  #stopAtLimit(cause: HoldNote['cause']): string {
    this.#note = { cause, effect: 'blocked', chars: this.#screening.position - this.#held.released };
    this.#blocked = true;
    this.#held.drop();
    return '';
  }

  #releaseAtLimit(cause: HoldNote['cause'], until: number): string {
    const before = this.#held.released;
    const leaving = this.#held.release(this.#held.besidePair(until));
    this.#forcedUntil = this.#held.released;
    this.#addNote(cause, this.#forcedUntil - before);
    return leaving;
  }

  #noteMissed({ start, end }: Span): void {
    this.#addNote('none', Math.max(0, end - Math.max(start, this.#missedUntil)));
    this.#missedUntil = Math.max(this.#missedUntil, end);
  }

  #addNote(cause: HoldNote['cause'], chars: number): void {
    this.#note = { cause: this.#note?.cause ?? cause, effect: 'released', chars: (this.#note?.chars ?? 0) + chars };
  }
}
