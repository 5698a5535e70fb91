import {
  CATEGORIES,
  type Category,
  type ClassifierDetection,
  type RunningScore,
  type TextClassifier,
} from '../core/index.js';
import type { DecidedDetection } from '../lexicon/index.js';
import type { CategoryThresholds } from '../policy/index.js';
import { findEvaluationPoint, findStepEnd, isEvaluationPoint, MAX_WINDOW_UNITS } from './evaluation-points.js';
import { ListCounter } from './list-counter.js';

/**
 * Share of its lowest redact or block threshold from which the score of a category makes text wait for the next point. Chosen, with
 * `WARY`, so that of benign text at most 12 characters wait at p99 and none at p50; `npm run bench -- hold` shows both, and what of
 * violating text leaves before.
 */
const SUSPICIOUS = 1 / 2;
/** Share from which a word waits until it is whole, because it may make the text suspicious. Below it words leave as they come. */
const WARY = 1 / 8;

/** What a judge works with. */
export interface ClassifierJudgeOptions {
  readonly classifier: TextClassifier;
  readonly thresholds: CategoryThresholds;
}

/** Asks the classifier at text-determined points: step by step for a stream, from point to point for a whole text. */
export class ClassifierJudge {
  readonly #classifier: TextClassifier;
  readonly #thresholds: CategoryThresholds;
  readonly #lists = new ListCounter();
  /** Best score below every threshold, per category: shapes `Verdict.scores` only. */
  readonly #faint = new Map<Category, ClassifierDetection>();
  readonly #onsets = new Map<Category, number>();
  #running: RunningScore | undefined;
  /** Whether the last scores let a word wait until it is whole. */
  #wary = false;
  #windowStart = 0;
  #previousPoint = 0;
  #previousStep = 0;

  constructor({ classifier, thresholds }: ClassifierJudgeOptions) {
    this.#classifier = classifier;
    this.#thresholds = thresholds;
  }

  /** Best score per category that reached no threshold. */
  get faint(): Iterable<ClassifierDetection> {
    return this.#faint.values();
  }

  /** Offset from which text waits for the classifier; infinite when none does. */
  get heldFrom(): number {
    const word = this.#wary ? this.#previousStep : Number.POSITIVE_INFINITY;
    return this.#onsets.size === 0 ? word : Math.min(word, ...this.#onsets.values());
  }

  /** Lets everything go; called when the classifier failed and has no say any more. */
  clear(): void {
    this.#onsets.clear();
    this.#wary = false;
  }

  /** Takes list hits, which the classifier weighs too. */
  addListHits(decided: readonly DecidedDetection[]): void {
    if (decided.length > 0) this.#lists.add(decided);
  }

  /** Reads one step, `[end - step.length, end)`; returns what is detected when a point is due. */
  step(step: string, end: number, isLast: boolean): ClassifierDetection[] {
    if (step !== '') {
      this.#running ??= this.#classifier.begin();
      this.#running.append(step);
    }
    if (this.#running === undefined) return [];
    const scores = this.#running.scores(this.#lists.upTo(isLast ? Number.POSITIVE_INFINITY : end));
    const onset = onsetOf(step, end, { wary: this.#wary, whole: !isLast });
    this.#wary = this.#track(scores, { onsets: this.#onsets, onset });
    this.#previousStep = end;
    if (end === this.#previousPoint) return [];
    if (!isLast && !isEvaluationPoint(step, end - this.#previousPoint)) return [];
    const found = this.#evaluate(scores, end, () => this.#onsets);
    this.#passPoint(end);
    return found;
  }

  /**
   * Reads a whole text whose list hits were added; equals `step` for every step of it. O(text length).
   * @param until offset after which no further point is judged in this call; a later one goes on there
   */
  whole(text: string, until = text.length): ClassifierDetection[] {
    const found: ClassifierDetection[] = [];
    while (this.#previousPoint < until) {
      const from = this.#previousPoint;
      const next = findEvaluationPoint(text, from);
      const point = next ?? text.length;
      this.#running ??= this.#classifier.begin();
      this.#running.append(from === 0 && point === text.length ? text : text.slice(from, point));
      const onsets = (): Map<Category, number> => this.#replay(text, { point, isLast: next === undefined });
      const counts = this.#lists.upTo(next ?? Number.POSITIVE_INFINITY);
      for (const detection of this.#evaluate(this.#running.scores(counts), point, onsets)) found.push(detection);
      this.#passPoint(point);
    }
    return found;
  }

  #passPoint(point: number): void {
    this.#onsets.clear();
    this.#previousPoint = point;
    if (point - this.#windowStart <= MAX_WINDOW_UNITS) return;
    this.#windowStart = point;
    this.#running = undefined;
    this.#wary = false;
    this.#lists.restart(point);
  }

  /** Remembers, per category, where the text became suspicious; returns whether the next word has to wait until it is whole. */
  #track(
    scores: Float32Array,
    { onsets, onset }: { readonly onsets: Map<Category, number>; readonly onset: number },
  ): boolean {
    let wary = false;
    for (let index = 0; index < CATEGORIES.length; index += 1) {
      const category = CATEGORIES[index] as Category;
      const { redact, block } = this.#thresholds[category];
      const score = scores[index] ?? 0;
      const limit = Math.min(redact, block);
      wary ||= score >= limit * WARY;
      if (score < limit * SUSPICIOUS) onsets.delete(category);
      else if (!onsets.has(category)) onsets.set(category, onset);
    }
    return wary;
  }

  /** Onsets of the sentence that ends at `point`, worked out step by step: a whole text needs them for hits alone. */
  #replay(
    text: string,
    { point, isLast }: { readonly point: number; readonly isLast: boolean },
  ): Map<Category, number> {
    const onsets = new Map<Category, number>();
    const running = this.#classifier.begin();
    const lists = this.#lists.replayFrom(this.#windowStart);
    const from = this.#previousPoint;
    let wary = false;
    if (from > this.#windowStart) {
      running.append(text.slice(this.#windowStart, from));
      wary = this.#track(running.scores(lists.upTo(from)), { onsets: new Map(), onset: from });
    }
    let at = from;
    while (at < point || isLast) {
      const stepEnd = at < point ? findStepEnd(text, at) : undefined;
      const step = text.slice(at, stepEnd ?? point);
      running.append(step);
      const scores = running.scores(lists.upTo(stepEnd ?? Number.POSITIVE_INFINITY));
      const onset = onsetOf(step, stepEnd ?? point, { wary, whole: stepEnd !== undefined });
      wary = this.#track(scores, { onsets, onset });
      if (stepEnd === undefined) break;
      at = stepEnd;
    }
    return onsets;
  }

  #evaluate(scores: Float32Array, end: number, onsets: () => ReadonlyMap<Category, number>): ClassifierDetection[] {
    const found: ClassifierDetection[] = [];
    for (let index = 0; index < CATEGORIES.length; index += 1) {
      const category = CATEGORIES[index] as Category;
      const score = scores[index] ?? 0;
      const { flag, redact, block } = this.#thresholds[category];
      const span = { start: this.#previousPoint, end };
      // Not `<`: a score that is no number must reach the policy, which counts it as a failure.
      if (!(score < flag && score < redact && score < block))
        found.push({ source: 'classifier', category, span, score });
      else if (score > (this.#faint.get(category)?.score ?? 0)) {
        this.#faint.set(category, { source: 'classifier', category, span, score });
      }
    }
    if (found.length === 0) return found;
    const starts = onsets();
    return found.map((detection) => {
      const start = starts.get(detection.category) ?? this.#previousPoint;
      return { ...detection, span: { start, end } };
    });
  }
}

/**
 * Where the text waits from that became suspicious with `step`. What was not held before has left, at worst all of it but
 * the character that made the step whole.
 */
function onsetOf(
  step: string,
  end: number,
  { wary, whole }: { readonly wary: boolean; readonly whole: boolean },
): number {
  if (wary) return end - step.length;
  if (!whole) return end;
  return end - (step.length > 1 && (step.charCodeAt(step.length - 1) & 0xfc00) === 0xdc00 ? 2 : 1);
}
