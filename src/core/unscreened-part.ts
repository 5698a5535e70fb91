/** What the parts of a body are that are not judged; `tokens` is text in numbers, `binary` what cannot be told. */
export const UNSCREENED_REASONS = ['image', 'audio', 'video', 'file', 'tokens', 'binary'] as const;

/** Why a part of a body is not judged: what it is. */
export type UnscreenedReason = (typeof UNSCREENED_REASONS)[number];

/** A part of a body that is forwarded without being judged. */
export interface UnscreenedPart {
  /** Where it stands, as a JavaScript path. */
  readonly field: string;
  readonly reason: UnscreenedReason;
}
