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

/** Counts the seeds of features that were seen in one text: which feature stands where. */
export class Sightings {
  /** Letters of the features, by slot. */
  readonly #letters: Uint16Array;
  #cells = new Int32Array(FIRST_CELLS * CELL);
  #used = 0;
  /** Position before which cells are left over from earlier texts. */
  #base = 0;
  #start = 0;

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

  /** Position at which the feature begins of which `note` has just said that it is there. */
  get start(): number {
    return this.#start;
  }

  /**
   * Notes a seed that ends before `end`; returns whether another seed says that the feature of `slot` begins at the same place,
   * `start`. Plain numbers in and out: called for every seed that is known, and objects cost more than the rest.
   */
  note(slot: number, end: number, place: number): boolean {
    if (this.#used * 2 * CELL >= this.#cells.length) this.#makeRoom(end);
    const cells = this.#cells;
    const cell = this.#cellOf(slot);
    const first = cells[cell + 1] as number;
    let agrees = false;
    if (first <= this.#base) this.#used += 1;
    else if (end - first < APART_LETTERS) return false;
    else if (end - first <= MAX_AGE) agrees = this.#agree(cell, { slot, end, place });
    cells[cell] = slot;
    cells[cell + 1] = end;
    cells[cell + 2] = place;
    return agrees;
  }

  /** Whether a seed and the one of its cell are as far apart as in the feature. */
  #agree(cell: number, { slot, end, place }: { slot: number; end: number; place: number }): boolean {
    const letters = this.#letters[slot] as number;
    const distance = end - (this.#cells[cell + 1] as number);
    if (distance > letters) return false;
    const start = end - 1 - offsetOf(place, letters);
    const startBefore = end - distance - 1 - offsetOf(this.#cells[cell + 2] as number, letters);
    if (Math.abs(start - startBefore) > SLACK_LETTERS + distance / 6 + letters / PLACES) return false;
    this.#start = (start + startBefore) >> 1;
    return true;
  }

  #cellOf(slot: number): number {
    const mask = this.#cells.length - 1;
    // Source: Fibonacci hashing, Knuth, The Art of Computer Programming 3, 6.4.
    let cell = ((Math.imul(slot, 0x9e3779b1) >>> 8) * CELL) & mask;
    while ((this.#cells[cell + 1] as number) > this.#base && this.#cells[cell] !== slot) cell = (cell + CELL) & mask;
    return cell;
  }

  /** Forgets what is too old to count, and grows when most of it is not. */
  #makeRoom(at: number): void {
    const old = this.#cells;
    const lives = (from: number): boolean => {
      const first = old[from + 1] as number;
      return first > this.#base && at - first <= MAX_AGE;
    };
    let live = 0;
    for (let from = 0; from < old.length; from += CELL) if (lives(from)) live += 1;
    this.#cells = new Int32Array(live * 4 * CELL > old.length ? old.length * 2 : old.length);
    this.#used = live;
    for (let from = 0; from < old.length; from += CELL) {
      if (lives(from)) this.#cells.set(old.subarray(from, from + CELL), this.#cellOf(old[from] as number));
    }
  }
}

/** Position of a seed within a feature of some letters, from its place: the middle of it. */
function offsetOf(place: number, letters: number): number {
  return Math.floor(((place + 0.5) * letters) / PLACES);
}
