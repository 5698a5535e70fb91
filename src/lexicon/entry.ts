import type { Category, Severity } from '../core/index.js';

/** How a phrase must stand in the text: whether its edges must be word edges. */
export interface Phrase {
  /** As written in the list, without edge stars. */
  readonly text: string;
  readonly openStart: boolean;
  readonly openEnd: boolean;
}

/** Where something stands in a list. */
export interface ListPlace {
  /** Path of the list file; that of a built-in list is relative to the package. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** A phrase inside which no entry counts. */
export interface AllowPhrase extends Phrase {
  readonly source: ListPlace;
}

/** A context condition: it holds when one of its phrases occurs near the hit. */
export interface Condition {
  readonly kind: 'near' | 'unless';
  readonly phrases: readonly Phrase[];
}

/** One list entry with its braces expanded. */
export interface LexiconEntry {
  /** Stays the same while the term does, however the sets and the options of the entry change. */
  readonly id: string;
  readonly source: ListPlace;
  readonly language: string;
  readonly category: Category;
  readonly severity: Severity;
  readonly terms: readonly Phrase[];
  readonly conditions: readonly Condition[];
  /** Whether the term counts only as it is written: same case, no disguise undone but width and invisible characters. */
  readonly exact: boolean;
  /** How far a condition may stand from the hit, UTF-16 units. `back` may be Infinity; `ahead` is always bounded. */
  readonly within: { readonly back: number; readonly ahead: number };
}

/** A parsed list: entries, and phrases inside which no entry counts. */
export interface ParsedList {
  /** Hash of the text of the list and of how it was read; changes whenever a match can change. */
  readonly fingerprint: string;
  readonly entries: readonly LexiconEntry[];
  readonly allow: readonly AllowPhrase[];
}
