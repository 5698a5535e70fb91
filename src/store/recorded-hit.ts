import type { Action, Category, DetectionSource, Direction, HitEntry, Outcome, Span } from '../core/index.js';
import type { SqlRow } from './database.js';

/** One row of the record as it is shown. Erased rows are not shown. */
export interface RecordedHit {
  /** Writer and number in its chain: `k3f9x2a7bc-17`. */
  readonly id: string;
  /** Milliseconds since the Unix epoch, by the clock of the writer. */
  readonly timeMs: number;
  readonly requestId: string;
  readonly subject: string | null;
  readonly direction: Direction;
  readonly route: string;
  readonly field: string;
  readonly outcome: Outcome;
  readonly policy: string;
  readonly mode: HitEntry['mode'];
  /** What was decided about the text, and what was done. */
  readonly action: Action;
  readonly applied: Action;
  /** What was found; null in a row about a text in which nothing was. */
  readonly category: Category | null;
  readonly source: DetectionSource | null;
  /** What the policy does for this hit alone. */
  readonly hitAction: Action | null;
  readonly score: number | null;
  readonly span: Span | null;
  readonly termId: string | null;
  /** How many hits of the same category in the same text are not recorded one by one. */
  readonly unlisted: number;
  readonly versions: {
    readonly policy: string;
    readonly lexicon: string;
    readonly model: string;
    readonly features: string;
  };
}

/** Returns a row of the hit table as it is shown. */
export function readHit(row: SqlRow): RecordedHit {
  // The columns hold what `hitContents` put there.
  const value = <Value>(column: string): Value => row[column] as Value;
  const start = value<number | null>('span_start');
  return {
    id: `${row['writer']}-${row['seq']}`,
    timeMs: value('time_ms'),
    requestId: value('request_id'),
    subject: value('subject'),
    direction: value('direction'),
    route: value('route'),
    field: value('field'),
    outcome: value('outcome'),
    policy: value('policy'),
    mode: value('mode'),
    action: value('action'),
    applied: value('applied'),
    category: value('category'),
    source: value('source'),
    hitAction: value('hit_action'),
    score: value('score'),
    span: start === null ? null : { start, end: value('span_end') },
    termId: value('term_id'),
    unlisted: value<number | null>('unlisted') ?? 0,
    versions: {
      policy: value('policy_version'),
      lexicon: value('lexicon_version'),
      model: value('model_version'),
      features: value('features_version'),
    },
  };
}
