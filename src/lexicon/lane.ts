import { SEPARATOR_CLASS, STEP_MASK, UNSPACED_BIT } from './alphabet.js';
import type { Automaton } from './automaton.js';
import { CELL, ROOT } from './cells.js';
import type { Reading } from './reading.js';

/** Where the automaton stands in one reading of the text. */
export interface LaneState {
  readonly state: number;
  /** Class of the last symbol. */
  readonly last: number;
  /** Repetitions of the last symbol beyond the first. */
  readonly repeats: number;
}

/** What a lane tells of every symbol it read: `position` is the index behind it. */
export type OnSymbol = (lane: LaneState & { readonly reading: Reading }, position: number, isNew: boolean) => void;

/** A reading beside the plain one; runs from a character that it takes otherwise until both stand in one state again. */
export class Lane implements LaneState {
  active = false;
  state = ROOT;
  last = SEPARATOR_CLASS;
  repeats = 0;
  /** Index of a mark that is nothing if a letter follows, else a separator; -1 when there is none. */
  mark = -1;
  readonly reading: Reading;
  readonly #automaton: Automaton;
  readonly #onSymbol: OnSymbol;
  /** Symbols that both readings have begun and read alike since they differed last. */
  #alike = 0;

  constructor(reading: Reading, { automaton, onSymbol }: { automaton: Automaton; onSymbol: OnSymbol }) {
    this.reading = reading;
    this.#automaton = automaton;
    this.#onSymbol = onSymbol;
  }

  /** Starts where another reading stands, unless it runs already. */
  fork({ state, last, repeats }: LaneState, mark = -1): void {
    if (this.active) return;
    this.active = true;
    this.#alike = 0;
    this.state = state;
    this.last = last;
    this.repeats = repeats;
    this.mark = mark;
  }

  /**
   * Ends once nothing that follows can tell the reading from the other: both stand in one state, and have read alike every
   * symbol that it remembers. Of the first one, too, each repetition: a match would begin elsewhere else.
   * @param mayEnd whether it may, or is only followed
   */
  merge({ state, last, repeats }: LaneState, mayEnd: boolean): void {
    const isSame = this.state === state && this.last === last && this.repeats === repeats && this.mark < 0;
    if (!isSame) this.#alike = 0;
    else {
      if (repeats === 0) this.#alike += 1;
      if (mayEnd && this.#alike >= this.#automaton.depth(state)) this.active = false;
    }
  }

  /** Reads the symbols of one character. */
  push(classes: Iterable<number>, start: number, end: number): void {
    for (const found of classes) {
      if (found === SEPARATOR_CLASS) this.#settleMark(start);
      this.mark = -1;
      const meetsOtherScript = ((found ^ this.last) & UNSPACED_BIT) !== 0;
      if (found !== SEPARATOR_CLASS && this.last !== SEPARATOR_CLASS && meetsOtherScript) {
        this.#step(SEPARATOR_CLASS, start);
      }
      this.#step(found, end);
    }
  }

  /** Reads a mark that may join the letters around it. */
  pushMark(start: number, end: number): void {
    if (!this.reading.marksAreNothing) this.push([SEPARATOR_CLASS], start, end);
    else if (this.mark >= 0 || this.last === SEPARATOR_CLASS) {
      this.mark = -1;
      this.#step(SEPARATOR_CLASS, start);
    } else this.mark = start;
  }

  #settleMark(position: number): void {
    if (this.mark < 0) return;
    this.mark = -1;
    this.#step(SEPARATOR_CLASS, position);
  }

  #step(found: number, position: number): void {
    const isNew = found !== this.last;
    if (isNew) {
      this.state = this.#automaton.next(this.state, (found & STEP_MASK) / CELL);
      this.last = found;
      this.repeats = 0;
    } else this.repeats += 1;
    this.#onSymbol(this, position, isNew);
  }
}
