import {
  type Action,
  CATEGORIES,
  CATEGORY_INDEX,
  type Category,
  type Detection,
  type DetectionSource,
  type Direction,
  type Hit,
  type Severity,
  strongerAction,
  type Verdict,
  type Versions,
} from '../core/index.js';
import type { CategoryThresholds, ResolvedPolicy, ResolvedThresholds } from './resolve-policies.js';

/** What a verdict is made from. */
export interface DecideInput {
  readonly detections: readonly Detection[];
  /** Detectors that could not run. */
  readonly failed: readonly DetectionSource[];
  readonly direction: Direction;
  readonly policy: ResolvedPolicy;
  readonly versions: Versions;
}

/** The verdict on the detections of one text. Pure; never throws. O(detections), and their sorting. */
export function decide({ detections, failed, direction, policy, versions }: DecideInput): Verdict {
  const scores = Object.fromEntries(CATEGORIES.map((category) => [category, 0])) as Record<Category, number>;
  const failedDetectors = new Set(failed);
  const hits: Hit[] = [];
  let action: Action = 'allow';

  for (const detection of detections) {
    const { category, source, span } = detection;
    const score = scoreOf(detection, policy);
    if (Number.isNaN(score)) {
      // NaN is below every threshold: without this a broken model would let everything pass.
      failedDetectors.add(source);
      continue;
    }
    const hitAction = actionFor(score, thresholdsOf(source, { policy, direction })[category]);
    // A list match below every threshold is weak evidence: the classifier has weighed it, its own score says no more.
    if (hitAction !== 'allow' || source !== 'lexicon') scores[category] = Math.max(scores[category], score);
    if (hitAction === 'allow') continue;
    action = strongerAction(action, hitAction);
    const hit = { category, source, score, span, action: hitAction };
    if (detection.source === 'features') hits.push({ ...hit, termId: detection.featureId });
    else if (detection.source !== 'lexicon') hits.push(hit);
    else {
      const { termId, startsBefore } = detection;
      hits.push({ ...hit, termId, ...(startsBefore === undefined ? {} : { startsBefore }) });
    }
  }

  if (failedDetectors.size > 0 && policy.onDetectorError === 'block') action = 'block';
  if (hits.length > 1) hits.sort(compareHits);
  return {
    action,
    applied: policy.mode === 'enforce' || action === 'allow' ? action : 'flag',
    hits,
    scores,
    failedDetectors: [...failedDetectors],
    policy: policy.name,
    versions,
  };
}

/** The thresholds that the scores of `source` are compared with. */
export function thresholdsOf(
  source: DetectionSource,
  { policy, direction }: { readonly policy: ResolvedPolicy; readonly direction: Direction },
): CategoryThresholds {
  return source === 'classifier' ? policy.classifier[direction] : policy[direction];
}

/** Score in [0, 1] that the policy gives to list matches and features of a severity. */
export function scoreOfSeverity(severity: Severity, policy: ResolvedPolicy): number {
  return policy.severityScores[severity - 1] ?? Number.NaN;
}

function scoreOf(detection: Detection, policy: ResolvedPolicy): number {
  return 'severity' in detection ? scoreOfSeverity(detection.severity, policy) : detection.score;
}

/** Order of hits, as a comparison: never that in which the detectors reported, which differs between whole and streamed texts. */
export function compareHits(left: Hit, right: Hit): number {
  return (
    left.span.start - right.span.start ||
    left.span.end - right.span.end ||
    CATEGORY_INDEX[left.category] - CATEGORY_INDEX[right.category] ||
    compareText(left.source, right.source) ||
    compareText(left.termId ?? '', right.termId ?? '')
  );
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function actionFor(score: number, thresholds: ResolvedThresholds): Action {
  if (score >= thresholds.block) return 'block';
  if (score >= thresholds.redact) return 'redact';
  return score >= thresholds.flag ? 'flag' : 'allow';
}
