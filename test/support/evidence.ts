import type { HitEntry } from '../../src/core/index.js';
import { type EvidenceKeys, parseEvidenceKeys } from '../../src/store/index.js';
import { hitEntry } from './hit-entry.js';

/** Keys of the tests, by their environment form. */
export const EVIDENCE_KEY = '0123456789abcdef'.repeat(4);
export const OTHER_EVIDENCE_KEY = 'fedcba9876543210'.repeat(4);

/** The keys that an environment variable with these would hold. */
export function evidenceKeys(...keys: readonly string[]): EvidenceKeys {
  return parseEvidenceKeys(keys.join(','));
}

/** An entry with one made-up hit and the text that it is in. */
export function entryWithText(requestId: string, text: string, change: Partial<HitEntry> = {}): HitEntry {
  const kept = { category: 'abusive', text, start: 0, chars: text.length, spans: [{ start: 2, end: 10 }] } as const;
  return hitEntry(requestId, { evidence: [kept], ...change });
}
