import { CATEGORY_INDEX, LIST_COUNT_SIZE, type ListCounts } from '../core/index.js';
import type { DecidedDetection } from '../lexicon/index.js';

/** Counts list hits per category and severity, as the classifier takes them, by the offset at which each was decided. */
export class ListCounter {
  readonly #counts = new Float32Array(LIST_COUNT_SIZE);
  readonly #decided: DecidedDetection[];
  #counted = 0;

  /** @param decided hits in the order they were decided, which the counter does not copy */
  constructor(decided: DecidedDetection[] = []) {
    this.#decided = decided;
  }

  /** Adds hits in the order they were decided. */
  add(decided: readonly DecidedDetection[]): void {
    for (const detection of decided) this.#decided.push(detection);
  }

  /** Counts of the hits decided since the last `restart` and not after `position`. The array is reused by the next call. */
  upTo(position: number): ListCounts {
    for (let next = this.#decided[this.#counted]; next !== undefined && next.decidedAt <= position; ) {
      const at = CATEGORY_INDEX[next.category] * 4 + next.severity - 1;
      this.#counts[at] = (this.#counts[at] ?? 0) + 1;
      this.#counted += 1;
      next = this.#decided[this.#counted];
    }
    return this.#counts;
  }

  /** A counter of its own over the same hits, of which those decided up to `position` do not count. O(log hits). */
  replayFrom(position: number): ListCounter {
    const replay = new ListCounter(this.#decided);
    let [low, high] = [0, this.#decided.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#decided[middle]?.decidedAt ?? Number.POSITIVE_INFINITY) <= position) low = middle + 1;
      else high = middle;
    }
    replay.#counted = low;
    return replay;
  }

  /** Starts to count anew behind `position`. */
  restart(position: number): void {
    this.upTo(position);
    this.#counts.fill(0);
  }
}
