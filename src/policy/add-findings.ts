import {
  type Action,
  CATEGORIES,
  type Category,
  type Direction,
  type ExtraDetection,
  type ExtraName,
  strongerAction,
  type Verdict,
} from '../core/index.js';
import { compareHits, decide } from './decide.js';
import type { ResolvedPolicy } from './resolve-policies.js';

/** What extra detectors say about one text. */
export interface AddedFindings {
  readonly detections: readonly ExtraDetection[];
  /** Detectors that could not run, each with what that means for the text. */
  readonly failures: readonly { readonly name: ExtraName; readonly failure: 'block' | 'allow' }[];
}

/** The verdict with what extra detectors found added; never a weaker one. Pure; never throws. */
export function addFindings(
  verdict: Verdict,
  { detections, failures }: AddedFindings,
  { policy, direction }: { readonly policy: ResolvedPolicy; readonly direction: Direction },
): Verdict {
  if (detections.length === 0 && failures.length === 0) return verdict;
  const found = decide({ detections, failed: [], direction, policy, versions: verdict.versions });
  const stops = failures.some(({ failure }) => failure === 'block');
  const action: Action = stops ? 'block' : strongerAction(verdict.action, found.action);
  const scores = CATEGORIES.map((category) => [category, Math.max(verdict.scores[category], found.scores[category])]);
  return {
    ...verdict,
    action,
    applied: policy.mode === 'enforce' || action === 'allow' ? action : 'flag',
    hits: [...verdict.hits, ...found.hits].sort(compareHits),
    scores: Object.fromEntries(scores) as Record<Category, number>,
    failedDetectors: [...verdict.failedDetectors, ...failures.map(({ name }) => name)],
  };
}
