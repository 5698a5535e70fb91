import type { Hit, HitEntry } from '../core/index.js';
import type { ColumnKind, SqlValue } from './database.js';

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
} as const satisfies Readonly<Record<string, ColumnKind>>;

/** The values of one row in the order of `HIT_COLUMNS`. */
export type HitContent = readonly SqlValue[];

/**
 * Returns the rows of an entry: one per hit, or one without category when there is none. Undefined for an entry with a number
 * that no database can store. Never throws.
 */
export function hitContents(entry: HitEntry): HitContent[] | undefined {
  const rows = entry.hits.length === 0 ? [contentOf(entry)] : entry.hits.map((hit) => contentOf(entry, hit));
  return rows.every(isStorable) ? rows : undefined;
}

function contentOf(entry: HitEntry, hit?: Hit): SqlValue[] {
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
  ];
}

/** Names in a body may hold what no database takes: PostgreSQL refuses U+0000, and UTF-8 has no half surrogate pairs. */
function storableText(text: string): string {
  return UNSTORABLE.test(text) ? text.replace(/[\0\p{Cs}]/gu, '\u{FFFD}') : text;
}

const UNSTORABLE = /[\0\p{Cs}]/u;

const KINDS: readonly ColumnKind[] = Object.values(HIT_COLUMNS);

function isStorable(row: HitContent): boolean {
  return row.every((value, column) => {
    if (typeof value !== 'number') return true;
    return KINDS[column] === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
  });
}
