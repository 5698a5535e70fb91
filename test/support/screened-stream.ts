import type { Adapter } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import type { HitEntry } from '../../src/core/index.js';
import type { Framing } from '../../src/framing/index.js';
import { createMetrics, createScreen, type Exchange, type Metrics, type ScreenedStream } from '../../src/http/index.js';
import type { ResolvedPolicy } from '../../src/policy/index.js';
import { frozenClock } from './clocks.js';
import { testModerator, testPolicy } from './moderation.js';
import { recordingStore } from './recording-store.js';

/** A stream that is screened by the policy of the tests, and what was recorded of it. */
export interface OpenedStream {
  readonly stream: ScreenedStream;
  /** Feeds wire text; returns what leaves. */
  readonly push: (...wires: string[]) => string;
  readonly entries: HitEntry[];
  readonly metrics: Metrics;
}

/** How to open a stream. */
export interface OpenScreenedOptions {
  readonly asked?: Exchange['asked'];
  readonly maxEventBytes?: number;
  readonly framing?: Framing;
  /** Takes the place of parts of the policy of the tests. */
  readonly policy?: Partial<ResolvedPolicy>;
}

/** Opens a stream of a format. */
export function openScreened(
  adapter: Adapter,
  { asked, maxEventBytes = 10_000, framing, policy: replaced = {} }: OpenScreenedOptions = {},
): OpenedStream {
  const policy = { ...testPolicy({}), ...replaced };
  const metrics = createMetrics();
  const { store, entries } = recordingStore();
  const screen = createScreen({
    config: Config.parse({ limits: { maxEventBytes } }),
    moderator: testModerator(),
    policies: new Map([['default', policy]]),
    store,
    clock: frozenClock,
    metrics,
  });
  const exchange = { requestId: 'r1', path: '/', policy, ...(asked === undefined ? {} : { asked }) };
  const stream = screen.openStream(adapter, exchange, framing);
  const push = (...wires: string[]): string => wires.map((wire) => stream.push(Buffer.from(wire))).join('');
  return { stream, push, entries, metrics };
}
