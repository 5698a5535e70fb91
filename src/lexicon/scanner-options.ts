import type { Holds } from './build.js';
import type { Candidate, Outcome } from './docket.js';

/** How a scanner is to work. */
export interface ScannerOptions {
  /** Which hits text waits for; all when left out. */
  readonly holds?: Holds;
  /** Length of the text read, UTF-16 units, from which on text is forgotten that no decision needs; for tests to be small. */
  readonly compactAtUnits?: number;
  /** Told of every match and what became of it. */
  readonly observe?: (candidate: Candidate, outcome: Outcome) => void;
}
