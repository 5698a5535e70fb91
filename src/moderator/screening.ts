import type { Detection, DetectionSource, Direction, TextClassifier, Verdict } from '../core/index.js';
import { type Holds, type Lexicon, LexiconScanner } from '../lexicon/index.js';
import { decide, type ResolvedPolicy, scoreOfSeverity, thresholdsOf } from '../policy/index.js';
import { ClassifierJudge } from './classifier-judge.js';
import { findStepEnd } from './evaluation-points.js';

/** What a screening needs to judge one text. */
export interface ScreeningOptions {
  readonly lexicon: Lexicon;
  readonly classifier?: TextClassifier;
  readonly direction: Direction;
  readonly policy: ResolvedPolicy;
}

/** The judging of one text, whole or step by step: both ask the same detectors at the same offsets. */
export class Screening {
  readonly #options: ScreeningOptions;
  readonly #scanner: LexiconScanner;
  readonly #judge: ClassifierJudge | undefined;
  readonly #detections: Detection[] = [];
  readonly #failed = new Set<DetectionSource>();
  #buffer = '';
  #position = 0;

  constructor(options: ScreeningOptions) {
    this.#options = options;
    const { classifier, lexicon } = options;
    this.#scanner = new LexiconScanner(lexicon, { holds: holdsOf(options) });
    this.#judge = classifier && new ClassifierJudge({ classifier, thresholds: thresholdsOf('classifier', options) });
  }

  /** Offset up to which text was judged, UTF-16 units. */
  get position(): number {
    return this.#position;
  }

  /** Offset before which no later detection can begin that redacts or blocks, UTF-16 units. */
  get releasePoint(): number {
    const lexicon = this.#failed.has('lexicon') ? this.#position : this.#scanner.releasePoint;
    return Math.min(lexicon, this.#position, this.#judge?.earliestOnset ?? Number.POSITIVE_INFINITY);
  }

  /** Detectors that could not run, in the order they failed. */
  get failed(): readonly DetectionSource[] {
    return this.#failed.size === 0 ? [] : [...this.#failed];
  }

  /**
   * Reads a whole text, as the only call; done when the iterator is. Never throws on account of a detector.
   * @param turnChars text that is worked on between two yields, UTF-16 units
   */
  *whole(text: string, turnChars: number): Generator<void, void> {
    this.#position = text.length;
    let start = 0;
    for (; start + turnChars < text.length; start += turnChars) {
      this.#scan(text.slice(start, start + turnChars), false);
      yield;
    }
    this.#scan(start === 0 ? text : text.slice(start), true);
    for (let until = turnChars; until < text.length; until += turnChars) {
      this.#ask((judge) => judge.whole(text, until));
      yield;
    }
    this.#ask((judge) => judge.whole(text));
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
    return this.decide([...this.#detections, ...(this.#judge?.faint ?? [])]);
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

  #step(step: string, isLast: boolean): readonly Detection[] {
    const before = this.#detections.length;
    this.#position += step.length;
    this.#scan(step, isLast);
    this.#ask((judge) => judge.step(step, this.#position, isLast));
    return this.#detections.length === before ? [] : this.#detections.slice(before);
  }

  #scan(text: string, isLast: boolean): void {
    if (this.#failed.has('lexicon')) return;
    try {
      this.#scanner.feed(text);
      if (isLast) this.#scanner.end();
      const decided = this.#scanner.take();
      this.#judge?.addListHits(decided);
      for (const { decidedAt: _, ...detection } of decided) this.#detections.push(detection);
    } catch {
      // Not swallowed: `decide` applies `onDetectorError` to every failed detector.
      this.#failed.add('lexicon');
    }
  }

  #ask(judged: (judge: ClassifierJudge) => readonly Detection[]): void {
    if (this.#judge === undefined || this.#failed.has('classifier')) return;
    try {
      for (const detection of judged(this.#judge)) this.#detections.push(detection);
    } catch {
      // Not swallowed: `decide` applies `onDetectorError` to every failed detector.
      this.#failed.add('classifier');
      this.#judge.clear();
    }
  }
}

/** Text waits for list hits that the policy redacts or blocks, and for no others. */
function holdsOf({ policy, direction }: ScreeningOptions): Holds {
  if (policy.mode !== 'enforce') return () => false;
  const thresholds = thresholdsOf('lexicon', { policy, direction });
  return (category, severity) => {
    const { redact, block } = thresholds[category];
    return scoreOfSeverity(severity, policy) >= Math.min(redact, block);
  };
}
