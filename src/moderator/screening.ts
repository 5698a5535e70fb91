import {
  CATEGORIES,
  type Category,
  type ClassifierDetection,
  type Detection,
  type DetectionSource,
  type Direction,
  type RunningScore,
  type TextClassifier,
  type Verdict,
} from '../core/index.js';
import { type Lexicon, LexiconScanner } from '../lexicon/index.js';
import { decide, type ResolvedPolicy, thresholdsOf } from '../policy/index.js';
import { findStepEnd, isEvaluationPoint, MAX_WINDOW_UNITS } from './evaluation-points.js';

/** What a screening needs to judge one text. */
export interface ScreeningOptions {
  readonly lexicon: Lexicon;
  readonly classifier?: TextClassifier;
  readonly direction: Direction;
  readonly policy: ResolvedPolicy;
}

/** The one judging loop of whole texts and streams: reads a text step by step and collects detections. */
export class Screening {
  readonly #options: ScreeningOptions;
  readonly #scanner: LexiconScanner;
  readonly #detections: Detection[] = [];
  /** Best score below every threshold, per category: shapes `Verdict.scores` only. */
  readonly #faint = new Map<Category, ClassifierDetection>();
  readonly #failed = new Set<DetectionSource>();
  readonly #onsets = new Map<Category, number>();
  #running: RunningScore | undefined;
  #buffer = '';
  #position = 0;
  #windowStart = 0;
  #previousPoint = 0;

  constructor(options: ScreeningOptions) {
    this.#options = options;
    this.#scanner = new LexiconScanner(options.lexicon);
  }

  /** Offset up to which text was judged, UTF-16 units. */
  get position(): number {
    return this.#position;
  }

  /** Offset before which no later detection can begin that redacts or blocks, UTF-16 units. */
  get releasePoint(): number {
    const lexicon = this.#failed.has('lexicon') ? this.#position : this.#scanner.releasePoint;
    return Math.min(lexicon, this.#position, ...this.#onsets.values());
  }

  /** Detectors that could not run, in the order they failed. */
  get failed(): readonly DetectionSource[] {
    return [...this.#failed];
  }

  /**
   * Reads text and calls `onStep` after every complete step with its detections; stops early when that returns `false`.
   * Never throws on account of a detector.
   */
  push(text: string, onStep: (found: readonly Detection[]) => boolean): void {
    this.#buffer += text;
    let start = 0;
    for (let end = findStepEnd(this.#buffer, 0); end !== undefined; end = findStepEnd(this.#buffer, start)) {
      const proceed = onStep(this.#step(this.#buffer.slice(start, end), false));
      start = end;
      if (!proceed) break;
    }
    this.#buffer = this.#buffer.slice(start);
  }

  /** Reads the end of the text; returns the last detections. */
  end(): readonly Detection[] {
    const rest = this.#buffer;
    this.#buffer = '';
    return this.#step(rest, true);
  }

  /** The verdict on everything read so far. */
  verdict(): Verdict {
    return this.decide([...this.#detections, ...this.#faint.values()]);
  }

  /** What the policy makes of some detections, and of the detectors that failed so far. */
  decide(detections: readonly Detection[]): Verdict {
    const { lexicon, classifier, direction, policy } = this.#options;
    return decide({
      detections,
      failed: this.failed,
      direction,
      policy,
      versions: { policy: policy.version, lexicon: lexicon.version, model: classifier?.version ?? 'none' },
    });
  }

  #step(step: string, isLast: boolean): Detection[] {
    const start = this.#position;
    this.#position += step.length;
    const found = [...this.#scan(step, isLast), ...this.#classify(step, { start, isLast })];
    this.#detections.push(...found);
    return found;
  }

  #scan(step: string, isLast: boolean): Detection[] {
    if (this.#failed.has('lexicon')) return [];
    try {
      this.#scanner.feed(step);
      if (isLast) this.#scanner.end();
      return this.#scanner.take();
    } catch {
      // Not swallowed: `decide` applies `onDetectorError` to every failed detector.
      this.#failed.add('lexicon');
      return [];
    }
  }

  #classify(step: string, { start, isLast }: { start: number; isLast: boolean }): Detection[] {
    const { classifier } = this.#options;
    if (classifier === undefined || this.#failed.has('classifier')) return [];
    try {
      if (step !== '') {
        this.#running ??= classifier.begin();
        this.#running.append(step);
        this.#track(this.#running.scores(), start);
      }
      const sentence = { start: this.#previousPoint, end: this.#position };
      if (this.#running === undefined || sentence.start === sentence.end) return [];
      return isLast || isEvaluationPoint(step, sentence) ? this.#evaluate(this.#running.scores()) : [];
    } catch {
      // Not swallowed: `decide` applies `onDetectorError` to every failed detector.
      this.#failed.add('classifier');
      this.#onsets.clear();
      return [];
    }
  }

  /** Remembers, per category, the start of the word that made the text suspicious. */
  #track(scores: Float32Array, start: number): void {
    const thresholds = thresholdsOf('classifier', this.#options);
    CATEGORIES.forEach((category, index) => {
      const { redact, block } = thresholds[category];
      if ((scores[index] ?? 0) < Math.min(redact, block) / 2) this.#onsets.delete(category);
      else if (!this.#onsets.has(category)) this.#onsets.set(category, start);
    });
  }

  #evaluate(scores: Float32Array): Detection[] {
    const found: Detection[] = [];
    const thresholds = thresholdsOf('classifier', this.#options);
    CATEGORIES.forEach((category, index) => {
      const score = scores[index] ?? 0;
      const start = this.#onsets.get(category) ?? this.#previousPoint;
      const detection = { source: 'classifier', category, span: { start, end: this.#position }, score } as const;
      const { flag, redact, block } = thresholds[category];
      if (score >= Math.min(flag, redact, block)) found.push(detection);
      else if (score > (this.#faint.get(category)?.score ?? 0)) this.#faint.set(category, detection);
    });
    this.#onsets.clear();
    this.#previousPoint = this.#position;
    if (this.#position - this.#windowStart > MAX_WINDOW_UNITS) {
      this.#windowStart = this.#position;
      this.#running = undefined;
    }
    return found;
  }
}
