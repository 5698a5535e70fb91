import type { Detection, DetectionSource, Direction, TextClassifier, Verdict } from '../core/index.js';
import { type DecidedDetection, type Holds, type Lexicon, LexiconScanner } from '../lexicon/index.js';
import { decide, type ResolvedPolicy, scoreOfSeverity, thresholdsOf } from '../policy/index.js';
import { ClassifierJudge } from './classifier-judge.js';
import { findStepEnd, isEvaluationPoint } from './evaluation-points.js';
import { LeadIn, mergeLeadIn } from './lead-in.js';

/** What a screening needs to judge one text. */
export interface ScreeningOptions {
  readonly lexicon: Lexicon;
  readonly classifier?: TextClassifier;
  readonly direction: Direction;
  readonly policy: ResolvedPolicy;
  /** Text that this one goes on from, judged elsewhere: list matches may begin in it. */
  readonly before?: string;
}

/**
 * Told of what was found, at the very offset (`position`) that decided it, and of the end of every step, mostly with nothing
 * found; returns whether to go on.
 */
export type OnDecision = (found: readonly Detection[], isStepEnd: boolean) => boolean;

/** The judging of one text, whole or step by step: both ask the same detectors at the same offsets. */
export class Screening {
  readonly #options: ScreeningOptions;
  readonly #scanner: LexiconScanner;
  readonly #leadIn: LeadIn | undefined;
  readonly #judge: ClassifierJudge | undefined;
  readonly #detections: Detection[] = [];
  readonly #failed = new Set<DetectionSource>();
  /** The step that is not complete yet. */
  #step = '';
  #position = 0;
  #point = 0;
  /** Set while a decision is handed over that the scanner is already past. */
  #heldFrom: number | undefined;

  constructor(options: ScreeningOptions) {
    this.#options = options;
    const { classifier, lexicon, before = '' } = options;
    const holds = holdsOf(options);
    this.#scanner = new LexiconScanner(lexicon, { holds });
    if (before !== '') this.#leadIn = this.#try(() => new LeadIn(before, { lexicon, holds }));
    this.#judge = classifier && new ClassifierJudge({ classifier, thresholds: thresholdsOf('classifier', options) });
  }

  /** Offset up to which text was judged, UTF-16 units. */
  get position(): number {
    return this.#position;
  }

  /** The last evaluation point, UTF-16 units: everything before it was judged in full. */
  get point(): number {
    return this.#point;
  }

  /** Offset before which no later detection can begin that redacts or blocks, UTF-16 units. Never falls. */
  get releasePoint(): number {
    const lexicon = this.#failed.has('lexicon') ? this.#position : (this.#heldFrom ?? this.#lexiconPoint);
    return Math.min(lexicon, this.#position, this.#judge?.heldFrom ?? Number.POSITIVE_INFINITY);
  }

  get #lexiconPoint(): number {
    return this.#leadIn?.isOpen === true ? 0 : this.#scanner.releasePoint;
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
      this.#add(this.#scan(text.slice(start, start + turnChars), false));
      yield;
    }
    this.#add(this.#scan(start === 0 ? text : text.slice(start), true));
    for (let until = turnChars; until < text.length; until += turnChars) {
      this.#ask((judge) => judge.whole(text, until));
      yield;
    }
    this.#ask((judge) => judge.whole(text));
  }

  /** Reads text, and calls back with each decision; nothing more is read once that returns `false`. Never throws on account of a detector. */
  push(text: string, onDecision: OnDecision): void {
    const buffer = this.#step + text;
    let read = this.#step.length;
    let start = 0;
    for (let end = findStepEnd(buffer, 0); end !== undefined; end = findStepEnd(buffer, start)) {
      if (!this.#read(buffer.slice(read, end), onDecision)) return;
      if (!onDecision(this.#judgeStep(buffer.slice(start, end), false), true)) return;
      read = end;
      start = end;
    }
    this.#step = buffer.slice(start);
    // Also what no step has completed may leave already, so it is read at once.
    this.#read(buffer.slice(read), onDecision);
  }

  /** Reads the end of the text; as `push`. */
  end(onDecision: OnDecision): void {
    const decided = this.#scan('', true);
    if (this.#handOver(decided, onDecision)) onDecision(this.#judgeStep(this.#step, true), true);
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

  #read(text: string, onDecision: OnDecision): boolean {
    if (text === '') return true;
    const decided = this.#scan(text, false);
    this.#position += text.length;
    return this.#handOver(decided, onDecision);
  }

  /** Hands list hits over as if the text had ended where each was decided: later text must not show in what leaves. */
  #handOver(decided: readonly DecidedDetection[], onDecision: OnDecision): boolean {
    const position = this.#position;
    let proceeds = true;
    for (let from = 0, to = 0; from < decided.length && proceeds; from = to) {
      const { decidedAt, heldFrom } = decided[from] as DecidedDetection;
      while (decided[to]?.decidedAt === decidedAt) to += 1;
      this.#position = Math.min(decidedAt, position);
      this.#heldFrom = heldFrom;
      proceeds = onDecision(this.#add(decided.slice(from, to)), false);
    }
    this.#position = position;
    this.#heldFrom = undefined;
    return proceeds;
  }

  #judgeStep(step: string, isLast: boolean): readonly Detection[] {
    const before = this.#detections.length;
    this.#ask((judge) => judge.step(step, this.#position, isLast));
    if (isLast || isEvaluationPoint(step, this.#position - this.#point)) this.#point = this.#position;
    return this.#detections.length === before ? [] : this.#detections.slice(before);
  }

  #add(decided: readonly DecidedDetection[]): readonly Detection[] {
    this.#judge?.addListHits(decided);
    const detections = decided.map(({ decidedAt: _, heldFrom: __, ...detection }) => detection);
    for (const detection of detections) this.#detections.push(detection);
    return detections;
  }

  #scan(text: string, isLast: boolean): readonly DecidedDetection[] {
    if (this.#failed.has('lexicon')) return [];
    const decided = this.#try(() => {
      this.#scanner.feed(text);
      if (isLast) this.#scanner.end();
      const own = this.#scanner.take();
      const leadIn = this.#leadIn;
      return leadIn?.isOpen === true ? mergeLeadIn(own, leadIn.feed(text, isLast), leadIn) : own;
    });
    return decided ?? [];
  }

  #try<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch {
      // Not swallowed: `decide` applies `onDetectorError` to every failed detector.
      this.#failed.add('lexicon');
      return undefined;
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
