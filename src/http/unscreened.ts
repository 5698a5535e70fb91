import type { Direction } from '../core/index.js';
import { type Exchange, recordOutcome } from './exchange.js';
import type { Screen } from './screen.js';

/** An exchange that nothing can screen. */
export interface Unscreened {
  readonly exchange: Exchange;
  /** Side that could not be read. */
  readonly direction: Direction;
  readonly refused: boolean;
}

/** Counts and records an exchange that nothing can screen; call it once per exchange. Never throws. */
export function recordUnscreened(screen: Screen, { exchange, direction, refused }: Unscreened): void {
  const { deps } = screen;
  if (!refused) deps.metrics.unscreened.inc();
  const action = refused ? 'block' : 'allow';
  recordOutcome(deps, { exchange, direction, outcome: 'unscreened', field: '', action });
}
