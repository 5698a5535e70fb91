/** How streamed text waits for its judgement, from the least waiting to the most. */
export const HOLD_MODES = ['none', 'adaptive', 'sentence', 'answer'] as const;

/** How streamed text waits for its judgement. */
export type HoldMode = (typeof HOLD_MODES)[number];

/** What happens to text that has waited as long as it may. */
export const HOLD_LIMIT_ACTIONS = ['block', 'release'] as const;

/** What happens to text that has waited as long as it may. */
export type HoldLimitAction = (typeof HOLD_LIMIT_ACTIONS)[number];

/** Says of a stream that part of it was not judged before it left, or was stopped unjudged. */
export interface HoldNote {
  /** Why: nothing is held at all (`hold: none`), or a limit was reached first. */
  readonly cause: 'none' | 'maxHoldChars' | 'maxHoldMs';
  readonly effect: 'released' | 'blocked';
  /** UTF-16 code units that left too early or were stopped; with `none`, those of what was then found. */
  readonly chars: number;
}
