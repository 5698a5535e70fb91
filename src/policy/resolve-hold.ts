import type { PolicyConfig } from '../config/index.js';
import type { Direction, HoldLimitAction, HoldMode } from '../core/index.js';

/** How streamed text waits. */
export interface ResolvedHold {
  readonly mode: HoldMode;
  /** Most text that waits at one time, UTF-16 units. */
  readonly maxChars: number;
  /** Longest wait of a character, milliseconds; `Infinity` for no end. */
  readonly maxMs: number;
  readonly onLimit: HoldLimitAction;
}

/** The same as written in a config; what is left out is inherited or built in. */
export type WrittenHold = Pick<
  NonNullable<PolicyConfig[Direction]>,
  'hold' | 'maxHoldChars' | 'maxHoldMs' | 'onHoldLimit'
>;

/** Some pages of text: held in vain it would be a nuisance, and more suspicious text in one piece is no chance. */
const MAX_HOLD_CHARS = 8192;
/** Far above the answer of any model: a bound on memory. */
const MAX_ANSWER_CHARS = 1_048_576;

/** `base` with what `own` says instead. */
export function overrideHold(base: WrittenHold, own: WrittenHold = {}): WrittenHold {
  return {
    hold: own.hold ?? base.hold,
    maxHoldChars: own.maxHoldChars ?? base.maxHoldChars,
    maxHoldMs: own.maxHoldMs ?? base.maxHoldMs,
    onHoldLimit: own.onHoldLimit ?? base.onHoldLimit,
  };
}

/** The hold with every built-in value filled in. */
export function resolveHold({
  hold: mode = 'adaptive',
  maxHoldChars,
  maxHoldMs = 0,
  onHoldLimit,
}: WrittenHold): ResolvedHold {
  return {
    mode,
    maxChars: maxHoldChars ?? (mode === 'answer' ? MAX_ANSWER_CHARS : MAX_HOLD_CHARS),
    maxMs: maxHoldMs === 0 ? Number.POSITIVE_INFINITY : maxHoldMs,
    onLimit: onHoldLimit ?? 'block',
  };
}
