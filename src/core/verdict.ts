import type { Action } from './action.js';
import type { Category } from './category.js';
import type { DetectionSource } from './detection.js';
import type { Hit } from './hit.js';
import type { HoldNote } from './hold.js';
import type { UnscreenedPart } from './unscreened-part.js';

/** Versions of everything that shaped a verdict; recorded with each hit. */
export interface Versions {
  readonly policy: string;
  readonly lexicon: string;
  readonly model: string;
  /** Of the feature database; left out when there is none. */
  readonly features?: string;
}

/** The decision for one text or one stream channel. */
export interface Verdict {
  /** What the policy decides, whatever the mode. */
  readonly action: Action;
  /** What is applied: equals `action` in mode `enforce`, `allow` (or `flag`) otherwise. */
  readonly applied: Action;
  /** Ordered by span start, then end. */
  readonly hits: readonly Hit[];
  /** Highest score seen per category, in [0, 1]; 0 where nothing was detected. */
  readonly scores: Readonly<Record<Category, number>>;
  /** Detectors that could not run; with `onDetectorError: block`, for a remote one with its own `onError: block`, this alone makes `action` block. */
  readonly failedDetectors: readonly DetectionSource[];
  /** Set for a stream of which some text left, or was stopped, before it was judged. */
  readonly hold?: HoldNote;
  /** Parts of the body that were not judged; only on the verdict about a whole body that has some. */
  readonly unscreened?: readonly UnscreenedPart[];
  readonly policy: string;
  readonly versions: Versions;
}
