/** How the characters are taken that can be taken in two ways. */
export interface Reading {
  /** Whether symbols such as `$` are letters; else they separate. */
  readonly symbolsAreLetters: boolean;
  /** Whether marks such as `.` between two letters are nothing; else they separate. */
  readonly marksAreNothing: boolean;
}

/** Symbols and marks separate: the reading of plain text. */
export const APART: Reading = { symbolsAreLetters: false, marksAreNothing: false };
/** Every other way to take them. */
export const LETTERED: Reading = { symbolsAreLetters: true, marksAreNothing: false };
/** See `LETTERED`. */
export const UNMARKED: Reading = { symbolsAreLetters: false, marksAreNothing: true };
/** See `LETTERED`. */
export const JOINED: Reading = { symbolsAreLetters: true, marksAreNothing: true };
