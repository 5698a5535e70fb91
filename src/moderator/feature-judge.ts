import type { FeatureDetection } from '../core/index.js';
import type { DecidedFeature, FeatureMatcher, FeatureSource } from '../features/index.js';

/** A feature that was found, with the offset that decided it and that before which nothing may leave then. */
export type HeldFeature = FeatureDetection & { readonly decidedAt: number; readonly heldFrom: number };

/** Asks the feature database about one text. */
export class FeatureJudge {
  readonly #source: FeatureSource;
  readonly #matcher: FeatureMatcher;
  readonly #holds: boolean;
  /** Release point behind each UTF-16 unit of the piece that was read last. */
  #points: number[] = [];
  #read = 0;

  /** @param holds whether text waits that may turn out to be a feature */
  constructor(source: FeatureSource, matcher: FeatureMatcher, holds: boolean) {
    this.#source = source;
    this.#matcher = matcher;
    this.#holds = holds;
  }

  /** Offset before which no feature can begin that is still to be found. */
  get releasePoint(): number {
    return this.#holds ? this.#matcher.releasePoint : Number.POSITIVE_INFINITY;
  }

  /** Reads a piece of a whole text, of which nothing leaves before the end. */
  whole(text: string, isLast: boolean): readonly DecidedFeature[] {
    this.#matcher.feed(text);
    if (!isLast) return this.#matcher.take();
    this.#matcher.end();
    const decided = this.#matcher.take();
    this.#source.release(this.#matcher);
    return decided;
  }

  /** Reads a piece of a stream. */
  stream(text: string, isLast: boolean): readonly DecidedFeature[] {
    if (!this.#holds) this.#matcher.feed(text);
    else {
      this.#points = [];
      // One by one: what may leave at an offset is asked for afterwards, when something was decided there.
      for (let at = 0; at < text.length; at += 1) {
        this.#matcher.feed(text.charAt(at));
        this.#points.push(this.#matcher.releasePoint);
      }
    }
    this.#read += text.length;
    if (isLast) this.#matcher.end();
    return this.#matcher.take();
  }

  /** As `releasePoint`, when the text was read up to `offset`, which is in the piece that was read last. */
  pointAt(offset: number): number {
    if (!this.#holds) return Number.POSITIVE_INFINITY;
    const index = offset - (this.#read - this.#points.length) - 1;
    return this.#points[index] ?? this.#matcher.releasePoint;
  }
}
