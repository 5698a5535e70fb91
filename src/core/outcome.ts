import { UNSCREENED_REASONS } from './unscreened-part.js';

/**
 * What the record says of a text or body: `screened`, or why it was not: `unscreened` (no adapter), `failed-open` (a detector
 * failed and policy let it pass).
 * `released-early`: some of a stream left before it was judged (`hold: none`, or a limit with `onHoldLimit: release`).
 * `hold-limit`: a stream was stopped because text of it had waited as long as it may.
 * `upstream-filtered`: no finding of ours; the backend itself says that it withheld content.
 * `unscreened:image` and its like: parts of a body that are no text that could be read; the rest was screened.
 * `unknown-field`: texts under keys that the format does not know, which were screened.
 */
export const OUTCOMES = [
  'screened',
  'unscreened',
  ...UNSCREENED_REASONS.map((reason) => `unscreened:${reason}` as const),
  'unknown-field',
  'failed-open',
  'released-early',
  'hold-limit',
  'upstream-filtered',
] as const;

/** What the record says of a text or body; see `OUTCOMES`. */
export type Outcome = (typeof OUTCOMES)[number];
