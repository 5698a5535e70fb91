import type { Category } from './category.js';
import type { Span } from './span.js';

/** Text that is kept beside the hits of one category in it, because the operator asked for it. The one thing of ours that holds text. */
export interface Evidence {
  readonly category: Category;
  /** The text field, or the part of it around the hits. */
  readonly text: string;
  /** Where `text` begins in the text field, in UTF-16 code units. */
  readonly start: number;
  /** Length of the text field, in UTF-16 code units, as far as it was read. */
  readonly chars: number;
  /** The hits of the category, in UTF-16 code units of the text field. */
  readonly spans: readonly Span[];
}

/** Of which hits text is kept, and how much. */
export interface EvidenceRules {
  readonly categories: ReadonlySet<Category>;
  /** Longest text that is kept of one text field, in UTF-16 code units. */
  readonly maxChars: number;
}
