import type { Direction } from '../core/index.js';
import type { Exchange, Screen } from './screen.js';

/** An exchange that nothing can screen. */
export interface Unscreened {
  readonly exchange: Exchange;
  /** Side that could not be read. */
  readonly direction: Direction;
  readonly refused: boolean;
}

/** Counts and records an exchange that nothing can screen; call it once per exchange. Never throws. */
export function recordUnscreened(screen: Screen, { exchange, direction, refused }: Unscreened): void {
  const { moderator, store, clock, metrics } = screen.deps;
  if (!refused) metrics.unscreened.inc();
  if (store === undefined) return;
  const { requestId, path, policy } = exchange;
  // The verdict on no text names the versions that would have judged.
  const { versions } = moderator.moderate('', { direction, policy });
  const action = refused ? 'block' : 'allow';
  store.record({
    timeMs: clock.now(),
    requestId,
    direction,
    route: path.split(/[?#]/, 1)[0] ?? '',
    outcome: 'unscreened',
    field: '',
    policy: policy.name,
    mode: policy.mode,
    action,
    applied: action,
    hits: [],
    versions,
  });
}
