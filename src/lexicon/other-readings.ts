import { JOINER, LEET, SEPARATOR_CLASS } from './alphabet.js';
import type { Automaton } from './automaton.js';
import { Lane, type LaneState, type OnSymbol } from './lane.js';
import { JOINED, LETTERED, UNMARKED } from './reading.js';

/** What a character is to the readings beside the plain one. */
export type CharacterKind = 'symbol' | 'mark' | 'plain';

/** The kind of a character of that class. */
export function characterKind(found: number): CharacterKind {
  if (found === LEET) return 'symbol';
  return found === JOINER ? 'mark' : 'plain';
}

/** The three readings beside the plain one; each runs only where it differs. */
export class OtherReadings {
  /** Those that run and those that do not. */
  readonly lanes: readonly Lane[];
  readonly #lettered: Lane;
  readonly #unmarked: Lane;
  readonly #joined: Lane;

  constructor(automaton: Automaton, onSymbol: OnSymbol) {
    this.#lettered = new Lane(LETTERED, { automaton, onSymbol });
    this.#unmarked = new Lane(UNMARKED, { automaton, onSymbol });
    this.#joined = new Lane(JOINED, { automaton, onSymbol });
    this.lanes = [this.#lettered, this.#unmarked, this.#joined];
  }

  /** Whether any reading runs. */
  get isForked(): boolean {
    return this.#lettered.active || this.#unmarked.active || this.#joined.active;
  }

  /**
   * Starts the readings that take a character of that kind otherwise than the plain one. The reading that joins runs
   * only where it is none of the two that take one kind each.
   */
  fork(kind: 'symbol' | 'mark', plain: LaneState): void {
    const [own, other] = kind === 'symbol' ? [this.#lettered, this.#unmarked] : [this.#unmarked, this.#lettered];
    own.fork(plain);
    if (other.active) this.#joined.fork(other, other.mark);
  }

  /** Reads one character, `[start, end)`, in every reading that runs. */
  push(kind: CharacterKind, classes: Iterable<number>, { start, end }: { start: number; end: number }): void {
    for (const lane of this.lanes) {
      if (!lane.active) continue;
      if (kind === 'mark') lane.pushMark(start, end);
      else if (kind === 'symbol' && !lane.reading.symbolsAreLetters) lane.push([SEPARATOR_CLASS], start, end);
      else lane.push(classes, start, end);
    }
  }

  /** The text before the index `until` is forgotten: all indexes fall by as much. */
  forget(until: number): void {
    for (const lane of this.lanes) if (lane.mark >= 0) lane.mark -= until;
  }

  /** Ends the readings that nothing to come can tell from the plain one. */
  merge(plain: LaneState): void {
    this.#lettered.merge(plain, true);
    this.#unmarked.merge(plain, true);
    this.#joined.merge(plain, !this.#lettered.active && !this.#unmarked.active);
  }
}
