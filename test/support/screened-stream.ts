import type { Adapter } from '../../src/adapters/index.js';
import { Config } from '../../src/config/index.js';
import type { HitEntry } from '../../src/core/index.js';
import { createMetrics, createScreen, type Exchange, type ScreenedStream } from '../../src/http/index.js';
import { frozenClock } from './clocks.js';
import { testModerator, testPolicy } from './moderation.js';
import { recordingStore } from './recording-store.js';

/** A stream that is screened by the policy of the tests, and what was recorded of it. */
export interface OpenedStream {
  readonly stream: ScreenedStream;
  /** Feeds wire text; returns what leaves. */
  readonly push: (...wires: string[]) => string;
  readonly entries: HitEntry[];
}

/** Opens a stream of a format. */
export function openScreened(
  adapter: Adapter,
  { asked, maxEventBytes = 10_000 }: { readonly asked?: Exchange['asked']; readonly maxEventBytes?: number } = {},
): OpenedStream {
  const policy = testPolicy({});
  const { store, entries } = recordingStore();
  const screen = createScreen({
    config: Config.parse({ limits: { maxEventBytes } }),
    moderator: testModerator(),
    policies: new Map([['default', policy]]),
    store,
    clock: frozenClock,
    metrics: createMetrics(),
  });
  const exchange = { requestId: 'r1', path: '/', policy, ...(asked === undefined ? {} : { asked }) };
  const stream = screen.openStream(adapter, exchange);
  const push = (...wires: string[]): string => wires.map((wire) => stream.push(Buffer.from(wire))).join('');
  return { stream, push, entries };
}
