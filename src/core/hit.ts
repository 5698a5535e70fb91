import type { Action } from './action.js';
import type { Category } from './category.js';
import type { DetectionSource } from './detection.js';
import type { Span } from './span.js';

/** A detection that reached a threshold of the policy. Holds no text. */
export interface Hit {
  readonly category: Category;
  readonly source: DetectionSource;
  /** In [0, 1]. */
  readonly score: number;
  readonly span: Span;
  /** What the policy does for this hit alone. */
  readonly action: Exclude<Action, 'allow'>;
  /** List entry, for lexicon hits; feature, for those of the feature database. */
  readonly termId?: string;
  /** UTF-16 units of the match that stand at the end of the text which this one goes on from; then the span starts at 0. */
  readonly startsBefore?: number;
}
