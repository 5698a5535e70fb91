import type { Action } from './action.js';
import type { ExtraDetection, ExtraName } from './detection.js';
import type { Direction } from './direction.js';
import type { Evidence } from './evidence.js';
import type { Hit } from './hit.js';
import type { Outcome } from './outcome.js';
import type { Versions } from './verdict.js';

/** Source of time; injected so that tests can hold it still. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

/** A clock that can be set to call back. */
export interface AlarmClock extends Clock {
  /** Calls back once, unless the returned function is called first. Keeps no process alive. */
  after(delayMs: number, ring: () => void): () => void;
}

/** Structured log sink, in the order of pino. Never receives user text, headers or bodies. */
export interface Logger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** One screened text field or stream channel, or one body that passed unscreened. */
export interface HitEntry {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly requestId: string;
  /** Keyed hash of whoever sent the request; left out when nobody is told apart. */
  readonly subject?: string;
  readonly direction: Direction;
  /** Path of the request, without query. */
  readonly route: string;
  /** How the text or body was dealt with. */
  readonly outcome: Outcome;
  /** Path of the text field in its body, or the channel of a stream. */
  readonly field: string;
  readonly policy: string;
  readonly mode: 'enforce' | 'shadow' | 'annotate';
  readonly action: Action;
  readonly applied: Action;
  readonly hits: readonly Hit[];
  readonly versions: Versions;
  /** Text to be kept beside the hits, encrypted; left out where none is. */
  readonly evidence?: readonly Evidence[];
}

/** Append-only record of hits. `record` never throws and never blocks; what is lost is counted. */
export interface Store {
  /**
   * Queues one entry; cheap enough for the request path. False when it is lost and, with `overflow: block-traffic`, nothing that
   * came of its text may leave.
   */
  record(entry: HitEntry): boolean;
  /**
   * With `durability: request` resolves once every entry queued before the call is durable, and undefined when nothing has to
   * be waited for. When that takes longer than the config allows, `overflow: block-traffic` rejects with `StoreError`, and
   * `drop-oldest` resolves.
   */
  durable(): Promise<void> | undefined;
  /**
   * Undefined while there is room for many more entries; otherwise resolves to true once there is. When that takes longer than the
   * config allows, `overflow: block-traffic` rejects with `StoreError`, and `drop-oldest` resolves to false.
   */
  room(): Promise<boolean> | undefined;
  /** Whether requests may be served; false while `overflow: block-traffic` holds and there is no room for their record. */
  accepts(): boolean;
  /** Resolves once every entry queued before the call is durable; rejects with `StoreError` when that cannot be had now. */
  flush(): Promise<void>;
  /** Flushes, then takes no more. Idempotent. */
  close(): Promise<void>;
  /** Counters for `/metrics` and health. */
  stats(): StoreStats;
}

/** How the record is doing. */
export interface StoreStats {
  /** Entries in memory that are not durable yet. */
  readonly queued: number;
  /** Bytes on disk that wait for the database; their entries count as written. */
  readonly spooledBytes: number;
  /** Entries made durable since the start. */
  readonly written: number;
  /** Entries lost because there was no room for them. Alarming when above 0. */
  readonly dropped: number;
  /** Failed write attempts. */
  readonly errors: number;
  /** False while writes fail, or wait on disk for the database to come back. */
  readonly healthy: boolean;
}

/** What an extra detector says about some texts. */
export interface ExtraFindings {
  /** Detections of each text, in the order of the texts; none of any when the detector could not run. */
  readonly detections: readonly (readonly ExtraDetection[])[];
  /** Set when it could not run and that counts: `block` stops the texts, `allow` lets them pass on what the others found. */
  readonly failure?: 'block' | 'allow';
}

/** A detector beside the three of our own, asked about whole texts: a remote service or a model of the user's. */
export interface ExtraDetector {
  readonly name: ExtraName;
  /** Judges texts within a bounded time. Never rejects. */
  judge(texts: readonly string[]): Promise<ExtraFindings>;
  /** Waits for running calls, then closes connections and frees memory. Idempotent. */
  close(): Promise<void>;
}

/** Makes features of texts that were blocked, where the config says so. */
export interface FeatureLearner {
  /** Whether a hit is such that the text around it becomes a feature. */
  wants(hit: Hit): boolean;
  /**
   * Takes a text, `start` UTF-16 units into which spans count, or the part of it around a hit. Never throws, never waits.
   */
  learn(hit: Hit, text: { readonly text: string; readonly start: number; readonly requestId: string }): void;
}

/** Length of `ListCounts`: every category times every severity. */
export const LIST_COUNT_SIZE = 40;

/**
 * List detections decided within the text that a classifier is asked about, counted per category and severity:
 * `counts[category * 4 + severity - 1]`, categories in `CATEGORIES` order, length `LIST_COUNT_SIZE`.
 */
export type ListCounts = ArrayLike<number>;

/** A text model with one score per category. Total: answers for every string. */
export interface TextClassifier {
  /** Changes whenever a score can change. */
  readonly version: string;
  /** What computes: `kernel-simd`, `kernel`, `tfjs-node`, `tfjs-wasm` or `tfjs-cpu`. */
  readonly backend: string;
  /**
   * Scores of one window of text. `Float32Array` of length 10, `CATEGORIES` order, each a probability in [0, 1]. The array may be
   * reused by the next call. Without `listCounts` the lists count as silent.
   */
  score(text: string, listCounts?: ListCounts): Float32Array;
  /** Starts a running score for a text that arrives word by word. */
  begin(): RunningScore;
  /** Frees native memory. Idempotent. */
  dispose(): void;
}

/** Running score over a growing window; feeding a text in pieces cut at word ends equals `score` of the whole. */
export interface RunningScore {
  append(text: string): void;
  /** As `TextClassifier.score`, over everything appended so far. The array may be reused. */
  scores(listCounts?: ListCounts): Float32Array;
}
