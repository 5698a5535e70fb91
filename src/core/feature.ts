import type { Category } from './category.js';
import type { Severity } from './detection.js';

/** Where a feature came from: a reviewed hit, a text given by hand, a severe hit, or the export of another database. */
export const FEATURE_ORIGINS = ['review', 'hand', 'automatic', 'import'] as const;

/** Where a feature came from. */
export type FeatureOrigin = (typeof FEATURE_ORIGINS)[number];

/** What is kept of a text that was confirmed as violating. Holds no text. */
export interface Feature {
  /** 16 hexadecimal digits: the first half of the keyed fingerprint. */
  readonly id: string;
  /** Tells with which key the signature was made: 8 hexadecimal digits. */
  readonly keyId: string;
  /** The signature as `encodeSignature` writes it. */
  readonly signature: Uint8Array;
  readonly category: Category;
  /** As that of a list entry: policies map it to a score. */
  readonly severity: Severity;
  readonly origin: FeatureOrigin;
  /** Milliseconds since the Unix epoch. */
  readonly addedMs: number;
  /** Milliseconds since the Unix epoch; null for a feature that does not expire. */
  readonly expiresMs: number | null;
  /** What led to it: a request id, a case number. Never text of a user. */
  readonly reason: string | null;
}
