import type { HitEntry } from '../core/index.js';
import type { ColumnKind, SqlValue } from './database.js';
import type { ListedHit } from './list-hits.js';

/** What a row of the record says, by column. The order is that of the digest: append only, and never change it. */
export const HIT_COLUMNS = {
  time_ms: 'integer',
  request_id: 'text',
  subject: 'text',
  direction: 'text',
  route: 'text',
  field: 'text',
  outcome: 'text',
  policy: 'text',
  mode: 'text',
  action: 'text',
  applied: 'text',
  category: 'text',
  source: 'text',
  hit_action: 'text',
  score: 'real',
  span_start: 'integer',
  span_end: 'integer',
  term_id: 'text',
  policy_version: 'text',
  lexicon_version: 'text',
  model_version: 'text',
  features_version: 'text',
  unlisted: 'integer',
} as const satisfies Readonly<Record<string, ColumnKind>>;

/** The values of one row in the order of `HIT_COLUMNS`. */
export type HitContent = readonly SqlValue[];

/** An entry whose hits were listed. */
export interface ListedEntry extends HitEntry {
  readonly hits: readonly ListedHit[];
}

/** Returns the rows of an entry that is storable: one per hit, or one without category when there is none. Never throws. */
export function hitContents(entry: ListedEntry): HitContent[] {
  return entry.hits.length === 0 ? [contentOf(entry)] : entry.hits.map((hit) => contentOf(entry, hit));
}

/** Whether every number of an entry is one that databases can store. Never throws. */
export function isStorable({ timeMs, hits }: HitEntry): boolean {
  if (!Number.isSafeInteger(Math.trunc(timeMs))) return false;
  for (const { score, span } of hits) {
    if (!Number.isFinite(score) || !Number.isSafeInteger(span.start) || !Number.isSafeInteger(span.end)) return false;
  }
  return true;
}

function contentOf(entry: ListedEntry, hit?: ListedHit): SqlValue[] {
  const { versions } = entry;
  return [
    Math.trunc(entry.timeMs),
    storableText(entry.requestId),
    entry.subject ?? null,
    entry.direction,
    storableText(entry.route),
    storableText(entry.field),
    entry.outcome,
    storableText(entry.policy),
    entry.mode,
    entry.action,
    entry.applied,
    hit?.category ?? null,
    hit?.source ?? null,
    hit?.action ?? null,
    hit?.score ?? null,
    hit?.span.start ?? null,
    hit?.span.end ?? null,
    hit?.termId === undefined ? null : storableText(hit.termId),
    versions.policy,
    versions.lexicon,
    versions.model,
    versions.features ?? 'none',
    hit?.unlisted ?? null,
  ];
}

/** Names in a body may hold what no database takes: PostgreSQL refuses U+0000, and UTF-8 has no half surrogate pairs. */
function storableText(text: string): string {
  return UNSTORABLE.test(text) ? text.replace(/[\0\p{Cs}]/gu, '\u{FFFD}') : text;
}

const UNSTORABLE = /[\0\p{Cs}]/u;
