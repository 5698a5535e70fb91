import type { Category } from './category.js';
import type { Span } from './span.js';

/** How bad a lexicon entry is: 1 mild to 4 severe. A policy maps severities to scores. */
export type Severity = 1 | 2 | 3 | 4;

/** A lexicon match that survived its boundary, allow-phrase and condition checks. */
export interface LexiconDetection {
  readonly source: 'lexicon';
  readonly category: Category;
  readonly span: Span;
  readonly severity: Severity;
  /** Stable id of the list entry, such as `en/abusive/1f3a9c02`. */
  readonly termId: string;
  /** UTF-16 units of the match that stand at the end of the text which this one goes on from; then the span starts at 0. */
  readonly startsBefore?: number;
}

/** A text, or part of one, that equals or resembles content which was confirmed as violating. */
export interface FeatureDetection {
  readonly source: 'features';
  readonly category: Category;
  /** From where it was recognized, its beginning when that was not changed, to its end. */
  readonly span: Span;
  readonly severity: Severity;
  /** Id in the feature database: 16 hexadecimal digits. */
  readonly featureId: string;
}

/** A judgement of the classifier at one evaluation point. */
export interface ClassifierDetection {
  readonly source: 'classifier';
  readonly category: Category;
  /** From the onset of suspicion to the evaluation point. */
  readonly span: Span;
  /** Probability-like, in [0, 1]. */
  readonly score: number;
}

/** Name of a detector beside the three of our own: `remote:` for a service, `model:` for a model, and what the config calls it. */
export type ExtraName = `remote:${string}` | `model:${string}`;

/** A judgement of a remote service, or of a model of the user's, on a whole text. */
export interface ExtraDetection {
  readonly source: ExtraName;
  readonly category: Category;
  /** The whole text: they do not say where. */
  readonly span: Span;
  /** As it was given, in [0, 1]. */
  readonly score: number;
}

/** What a detector reports. */
export type Detection = LexiconDetection | FeatureDetection | ClassifierDetection | ExtraDetection;

/** Names of the detectors, as they appear in hits and in `failedDetectors`. */
export type DetectionSource = Detection['source'];
