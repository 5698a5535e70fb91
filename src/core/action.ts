/** What can be done with a text, weakest first; of several the strongest wins. */
export const ACTIONS = ['allow', 'flag', 'redact', 'block'] as const;

/** `allow` passes, `flag` passes and records, `redact` replaces spans, `block` stops the text. */
export type Action = (typeof ACTIONS)[number];

/** Returns the stronger of two actions. Never throws. */
export function strongerAction(left: Action, right: Action): Action {
  return ACTIONS.indexOf(left) >= ACTIONS.indexOf(right) ? left : right;
}
