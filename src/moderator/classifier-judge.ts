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
  #windowStart = 0;
  #previousPoint = 0;

  constructor({ classifier, thresholds }: ClassifierJudgeOptions) {
    this.#classifier = classifier;
    this.#thresholds = thresholds;
  }

  /** Best score per category that reached no threshold. */
  get faint(): Iterable<ClassifierDetection> {
    return this.#faint.values();
  }

  /** Start of the earliest text that has become suspicious since the last point; infinite when there is none. */
  get earliestOnset(): number {
    return this.#onsets.size === 0 ? Number.POSITIVE_INFINITY : Math.min(...this.#onsets.values());
  }

  /** Forgets what is suspicious; called when the classifier failed and has no say any more. */
  clear(): void {
    this.#onsets.clear();
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
      this.#track(this.#running.scores(this.#lists.upTo(end)), end - step.length, this.#onsets);
    }
    if (this.#running === undefined || end === this.#previousPoint) return [];
    if (!isLast && !isEvaluationPoint(step, end - this.#previousPoint)) return [];
    const found = this.#evaluate(this.#running.scores(this.#lists.upTo(end)), end, () => this.#onsets);
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
      const point = findEvaluationPoint(text, from);
      this.#running ??= this.#classifier.begin();
      this.#running.append(from === 0 && point === text.length ? text : text.slice(from, point));
      const onsets = (): Map<Category, number> => this.#replay(text, point);
      for (const detection of this.#evaluate(this.#running.scores(this.#lists.upTo(point)), point, onsets)) {
        found.push(detection);
      }
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
    this.#lists.restart(point);
  }

  /** Remembers, per category, the start of the step that made the text suspicious. */
  #track(scores: Float32Array, start: number, onsets: Map<Category, number>): void {
    for (let index = 0; index < CATEGORIES.length; index += 1) {
      const category = CATEGORIES[index] as Category;
      const { redact, block } = this.#thresholds[category];
      if ((scores[index] ?? 0) < Math.min(redact, block) / 2) onsets.delete(category);
      else if (!onsets.has(category)) onsets.set(category, start);
    }
  }

  /** Onsets of the sentence that ends at `point`, worked out step by step: a whole text needs them for hits alone. */
  #replay(text: string, point: number): Map<Category, number> {
    const onsets = new Map<Category, number>();
    const running = this.#classifier.begin();
    const lists = this.#lists.replayFrom(this.#windowStart);
    running.append(text.slice(this.#windowStart, this.#previousPoint));
    for (let at = this.#previousPoint; at < point; ) {
      const end = Math.min(point, findStepEnd(text, at) ?? point);
      running.append(text.slice(at, end));
      this.#track(running.scores(lists.upTo(end)), at, onsets);
      at = end;
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
