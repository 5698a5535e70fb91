import type { BlockInfo, StreamRequest } from '../adapters/index.js';
import type { Clock, Direction, Store, Verdict } from '../core/index.js';
import type { ResolvedPolicy } from '../policy/index.js';
import type { Metrics } from './metrics.js';

/** One exchange, as the record names it. */
export interface Exchange {
  readonly requestId: string;
  readonly path: string;
  readonly policy: ResolvedPolicy;
  /** What the request asks of a stream; one answer and no usage when left out. */
  readonly asked?: StreamRequest;
}

/** Where what happened is told. */
export interface RecordDeps {
  readonly store: Store | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Counts one screened text and records it when anything was found. */
export function recordVerdict(
  deps: RecordDeps,
  entry: {
    readonly verdict: Verdict;
    readonly direction: Direction;
    readonly field: string;
    readonly exchange: Exchange;
  },
): void {
  const { verdict, direction, field, exchange } = entry;
  deps.metrics.screened.inc({ direction, action: verdict.applied });
  for (const { category, source, action } of verdict.hits) deps.metrics.hits.inc({ category, source, action });
  const failed = verdict.failedDetectors.length > 0;
  if (verdict.hits.length === 0 && !failed) return;
  deps.store?.record({
    timeMs: deps.clock.now(),
    requestId: exchange.requestId,
    direction,
    route: exchange.path.split(/[?#]/, 1)[0] ?? '',
    outcome: failed && verdict.applied !== 'block' ? 'failed-open' : 'screened',
    field,
    policy: verdict.policy,
    mode: exchange.policy.mode,
    action: verdict.action,
    applied: verdict.applied,
    hits: verdict.hits,
    versions: verdict.versions,
  });
}

/** Returns what a client is told about a block. */
export function blockInfo(verdict: Verdict, direction: Direction, exchange: Exchange): BlockInfo {
  const what = direction === 'input' ? 'The request' : 'The reply';
  return {
    notice: `${what} was withheld by the content policy. Reference: ${exchange.requestId}.`,
    hitId: exchange.requestId,
    category: verdict.hits.find((hit) => hit.action === 'block')?.category,
  };
}
