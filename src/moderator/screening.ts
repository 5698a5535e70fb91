import {
  CATEGORIES,
  type Detection,
  type DetectionSource,
  type Direction,
  type TextClassifier,
  type Verdict,
  type Versions,
} from '../core/index.js';
import type { FeatureSource } from '../features/index.js';
import { type DecidedDetection, type Holds, type Lexicon, LexiconScanner } from '../lexicon/index.js';
import { decide, type ResolvedPolicy, scoreOfSeverity, thresholdsOf } from '../policy/index.js';
import { ClassifierJudge } from './classifier-judge.js';
import { findStepEnd, isEvaluationPoint } from './evaluation-points.js';
import { FeatureJudge, type HeldFeature } from './feature-judge.js';
import { LeadIn, mergeLeadIn } from './lead-in.js';

/** What a screening needs to judge one text. */
export interface ScreeningOptions {
  readonly lexicon: Lexicon;
  readonly classifier?: TextClassifier;
  readonly features?: FeatureSource;
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

/** What lists and features decided, each with the offset that decided it and that before which nothing may leave then. */
type Decision = DecidedDetection | HeldFeature;

/** The judging of one text, whole or step by step: both ask the same detectors at the same offsets. */
export class Screening {
  readonly #options: ScreeningOptions;
  readonly #scanner: LexiconScanner;
  readonly #leadIn: LeadIn | undefined;
  readonly #judge: ClassifierJudge | undefined;
  readonly #features: FeatureJudge | undefined;
  readonly #versions: Versions;
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
    if (before !== '') this.#leadIn = this.#try('lexicon', () => new LeadIn(before, { lexicon, holds }));
    this.#judge = classifier && new ClassifierJudge({ classifier, thresholds: thresholdsOf('classifier', options) });
    this.#features = openFeatures(options);
    this.#versions = versionsOf(options);
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
    const matches = this.#heldFrom ?? Math.min(this.#lexiconPoint, this.#featurePoint);
    return Math.min(matches, this.#position, this.#judge?.heldFrom ?? Number.POSITIVE_INFINITY);
  }

  get #lexiconPoint(): number {
    if (this.#failed.has('lexicon')) return Number.POSITIVE_INFINITY;
    return this.#leadIn?.isOpen === true ? 0 : this.#scanner.releasePoint;
  }

  get #featurePoint(): number {
    const features = this.#failed.has('features') ? undefined : this.#features;
    return features?.releasePoint ?? Number.POSITIVE_INFINITY;
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
      const piece = text.slice(start, start + turnChars);
      this.#add(this.#scan(piece, false));
      this.#addFeatures(piece, false);
      yield;
    }
    const rest = start === 0 ? text : text.slice(start);
    this.#add(this.#scan(rest, true));
    this.#addFeatures(rest, true);
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
    const decided = this.#find('', true);
    if (this.#handOver(decided, onDecision)) onDecision(this.#judgeStep(this.#step, true), true);
  }

  /** The verdict on everything read so far. */
  verdict(): Verdict {
    return this.decide([...this.#detections, ...(this.#judge?.faint ?? [])]);
  }

  /** What the policy makes of some detections, and of the detectors that failed so far. */
  decide(detections: readonly Detection[]): Verdict {
    const { direction, policy } = this.#options;
    return decide({ detections, failed: this.failed, direction, policy, versions: this.#versions });
  }

  #read(text: string, onDecision: OnDecision): boolean {
    if (text === '') return true;
    const decided = this.#find(text, false);
    this.#position += text.length;
    return this.#handOver(decided, onDecision);
  }

  /** Hands hits over as if the text had ended where each was decided: later text must not show in what leaves. */
  #handOver(decided: readonly Decision[], onDecision: OnDecision): boolean {
    const position = this.#position;
    let proceeds = true;
    for (let from = 0, to = 0; from < decided.length && proceeds; from = to) {
      const { decidedAt, heldFrom } = decided[from] as Decision;
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

  /** What lists and features find in a piece of a stream, in the order of the offsets that decided it. */
  #find(text: string, isLast: boolean): readonly Decision[] {
    const features = this.#features;
    const found = this.#askFeatures((judge) => judge.stream(text, isLast));
    if (features === undefined || found === undefined) return this.#scan(text, isLast);
    const decided: Decision[] = [];
    const held = ({ heldFrom, ...rest }: DecidedDetection): DecidedDetection => {
      return { ...rest, heldFrom: Math.min(heldFrom, features.pointAt(rest.decidedAt)) };
    };
    let read = 0;
    for (const { detection, decidedAt } of found) {
      const upTo = Math.min(Math.max(decidedAt - this.#position, read), text.length);
      // The lists must have read as far, and no further, to tell what may leave then.
      if (upTo > read) for (const own of this.#scan(text.slice(read, upTo), false)) decided.push(held(own));
      read = upTo;
      decided.push({ ...detection, decidedAt, heldFrom: Math.min(this.#lexiconPoint, features.pointAt(decidedAt)) });
    }
    const rest = this.#scan(read === 0 ? text : text.slice(read), isLast);
    if (decided.length === 0 && rest.length === 0) return rest;
    for (const own of rest) decided.push(held(own));
    return decided.sort((left, right) => left.decidedAt - right.decidedAt);
  }

  #addFeatures(text: string, isLast: boolean): void {
    const found = this.#askFeatures((judge) => judge.whole(text, isLast)) ?? [];
    for (const { detection } of found) this.#detections.push(detection);
  }

  #add(decided: readonly Decision[]): readonly Detection[] {
    this.#judge?.addListHits(decided.filter((decision): decision is DecidedDetection => decision.source === 'lexicon'));
    const detections = decided.map(({ decidedAt: _, heldFrom: __, ...detection }) => detection);
    for (const detection of detections) this.#detections.push(detection);
    return detections;
  }

  #scan(text: string, isLast: boolean): readonly DecidedDetection[] {
    if (this.#failed.has('lexicon')) return [];
    const decided = this.#try('lexicon', () => {
      this.#scanner.feed(text);
      if (isLast) this.#scanner.end();
      const own = this.#scanner.take();
      const leadIn = this.#leadIn;
      return leadIn?.isOpen === true ? mergeLeadIn(own, leadIn.feed(text, isLast), leadIn) : own;
    });
    return decided ?? [];
  }

  #askFeatures<Result>(ask: (judge: FeatureJudge) => Result): Result | undefined {
    const judge = this.#features;
    return judge === undefined || this.#failed.has('features') ? undefined : this.#try('features', () => ask(judge));
  }

  #try<Result>(source: DetectionSource, work: () => Result): Result | undefined {
    try {
      return work();
    } catch {
      // Not swallowed: `decide` applies `onDetectorError` to every failed detector.
      this.#failed.add(source);
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
export function holdsOf({ policy, direction }: Pick<ScreeningOptions, 'policy' | 'direction'>): Holds {
  if (policy.mode !== 'enforce') return () => false;
  const thresholds = thresholdsOf('lexicon', { policy, direction });
  return (category, severity) => {
    const { redact, block } = thresholds[category];
    return scoreOfSeverity(severity, policy) >= Math.min(redact, block);
  };
}

/** Text waits for features when the policy redacts or blocks some. */
function openFeatures({ features, policy, direction }: ScreeningOptions): FeatureJudge | undefined {
  const matcher = features?.open();
  if (features === undefined || matcher === undefined) return undefined;
  const thresholds = thresholdsOf('features', { policy, direction });
  const worst = scoreOfSeverity(4, policy);
  const holds = CATEGORIES.some(
    (category) => worst >= Math.min(thresholds[category].redact, thresholds[category].block),
  );
  return new FeatureJudge(features, matcher, holds && policy.mode === 'enforce');
}

/** Versions of what judges now. */
function versionsOf({
  lexicon,
  classifier,
  features,
  policy,
}: Pick<ScreeningOptions, 'lexicon' | 'classifier' | 'features' | 'policy'>): Versions {
  const versions = { policy: policy.version, lexicon: lexicon.version, model: classifier?.version ?? 'none' };
  const { version } = features ?? {};
  return version === undefined ? versions : { ...versions, features: version };
}
