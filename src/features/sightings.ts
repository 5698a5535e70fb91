import { PLACES } from './signature.js';

/** Numbers of a cell: slot, position behind the first seed, place of that seed, seeds so far. */
const CELL = 4;
const FIRST_CELLS = 64;
/** Letters from one seed to another of the same feature from which the two are no single phrase. */
const APART_LETTERS = 8;
/** Letters that seeds may have moved by against each other, beside a sixth of their distance and a place. */
const SLACK_LETTERS = 4;
/** Letters after which a first seed is too far back for every feature. */
const MAX_AGE = 512;

/** Where a feature may stand in a text. Positions count letters. */
export interface Sighting {
  readonly slot: number;
  readonly start: number;
}

/** Counts the seeds of features that were seen in one text: which feature stands where. */
export class Sightings {
  /** Letters of the features, by slot. */
  readonly #letters: Uint16Array;
  #cells = new Int32Array(FIRST_CELLS * CELL);
  #used = 0;
  /** Position before which cells are left over from earlier texts. */
  #base = 0;

  constructor(letters: Uint16Array) {
    this.#letters = letters;
  }

  /** Forgets everything; positions go on from `base`, which is behind all of them so far. */
  reset(base: number): void {
    this.#base = base;
    this.#used = 0;
  }

  /** Forgets everything, so that positions may begin anew. */
  clear(): void {
    this.#cells.fill(0);
    this.reset(0);
  }

  /**
   * Notes a seed that ends before `end`; returns where the feature of `slot` begins, once another seed says the same. Then it is
   * forgotten. Plain arguments: called for every seed that is known, and objects cost more than the rest.
   */
  note(slot: number, end: number, place: number): Sighting | undefined {
    if (this.#used * 2 * CELL >= this.#cells.length) this.#grow(end);
    const cells = this.#cells;
    const cell = this.#cellOf(slot);
    const first = cells[cell + 1] as number;
    if (first <= this.#base) this.#used += 1;
    else if (end - first < APART_LETTERS) return undefined;
    else {
      const letters = this.#letters[slot] as number;
      const start = end - 1 - offsetOf(place, letters);
      const startBefore = first - 1 - offsetOf(cells[cell + 2] as number, letters);
      const distance = end - first;
      const isSame = Math.abs(start - startBefore) <= SLACK_LETTERS + distance / 6 + letters / PLACES;
      if (distance <= letters && isSame) {
        cells[cell + 1] = end;
        cells[cell + 2] = place;
        return { slot, start: (start + startBefore) >> 1 };
      }
    }
    cells[cell] = slot;
    cells[cell + 1] = end;
    cells[cell + 2] = place;
    return undefined;
  }

  #cellOf(slot: number): number {
    const mask = this.#cells.length - 1;
    // Source: Fibonacci hashing, Knuth, The Art of Computer Programming 3, 6.4.
    let cell = ((Math.imul(slot, 0x9e3779b1) >>> 8) * CELL) & mask;
    while ((this.#cells[cell + 1] as number) > this.#base && this.#cells[cell] !== slot) cell = (cell + CELL) & mask;
    return cell;
  }

  /** Makes room, first by what is too old to count. */
  #grow(at: number): void {
    const old = this.#cells;
    this.#cells = new Int32Array(old.length * 2);
    this.#used = 0;
    for (let from = 0; from < old.length; from += CELL) {
      const first = old[from + 1] as number;
      if (first <= this.#base || at - first > MAX_AGE) continue;
      const cell = this.#cellOf(old[from] as number);
      this.#cells.set(old.subarray(from, from + CELL), cell);
      this.#used += 1;
    }
  }
}

/** Position of a seed within a feature of some letters, from its place: the middle of it. */
function offsetOf(place: number, letters: number): number {
  return Math.floor(((place + 0.5) * letters) / PLACES);
}
