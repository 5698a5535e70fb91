import type { Evidence, HitEntry } from '../../core/index.js';
import type { SealedHit } from '../hit-chain.js';
import { type EvidencePlace, type Sealed, sealContent } from './evidence-cipher.js';
import type { EvidenceKeys } from './evidence-keys.js';

/** A text on its way to the database; it goes there, and into the spool, as this and in no other way. */
export interface SealedEvidence extends Sealed, EvidencePlace {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly requestId: string;
  readonly subject: string | null;
}

/** What is inside. */
export interface EvidenceContent extends Omit<Evidence, 'category'> {
  /** Path of the text field, or the channel of a stream. */
  readonly field: string;
}

/**
 * Encrypts the texts of an entry, each for the first of its rows with that category.
 * @param hits the rows of the entry, in the order of its hits
 */
export function sealEvidence(keys: EvidenceKeys, entry: HitEntry, hits: readonly SealedHit[]): SealedEvidence[] {
  return (entry.evidence ?? []).flatMap(({ category, ...kept }) => {
    const hit = hits[entry.hits.findIndex((each) => each.category === category)];
    if (hit === undefined) return [];
    const place = { writer: hit.writer, seq: hit.seq, category };
    const content: EvidenceContent = { ...kept, field: entry.field };
    const about = {
      timeMs: Math.trunc(entry.timeMs),
      requestId: entry.requestId,
      subject: entry.subject ?? null,
    };
    return [{ ...place, ...about, ...sealContent(keys, place, Buffer.from(JSON.stringify(content))) }];
  });
}
