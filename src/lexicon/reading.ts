/** How the characters are taken that can be taken in two ways. */
export interface Reading {
  /** Index in `READINGS`. */
  readonly number: number;
  /** Whether symbols such as `$` are letters; else they separate. */
  readonly symbolsAreLetters: boolean;
  /** Whether marks such as `.` between two letters are nothing; else they separate. */
  readonly marksAreNothing: boolean;
}

/** Symbols and marks separate: the reading of plain text. */
export const APART: Reading = { number: 0, symbolsAreLetters: false, marksAreNothing: false };
/** Every other way to take them. */
export const LETTERED: Reading = { number: 1, symbolsAreLetters: true, marksAreNothing: false };
/** See `LETTERED`. */
export const UNMARKED: Reading = { number: 2, symbolsAreLetters: false, marksAreNothing: true };
/** See `LETTERED`. */
export const JOINED: Reading = { number: 3, symbolsAreLetters: true, marksAreNothing: true };
/** All of them, by their number. */
export const READINGS: readonly Reading[] = [APART, LETTERED, UNMARKED, JOINED];
