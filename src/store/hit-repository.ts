import type { Hit, HitEntry } from '../core/index.js';
import type { BulkInsert, Database, SqlValue } from './database.js';

const HITS: BulkInsert = {
  table: 'hits',
  columns: {
    time_ms: 'integer',
    request_id: 'text',
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
  },
};

/** One row of the record, in the order of the columns. */
export type HitRow = readonly SqlValue[];

/** The record of hits in the database. */
export class HitRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Appends rows in one transaction. */
  async append(rows: readonly HitRow[]): Promise<void> {
    await this.#database.insert(HITS, rows);
  }
}

/** The rows of an entry, one per hit, or one without category when there is none; undefined for an entry that no database can store. */
export function hitRows(entry: HitEntry): HitRow[] | undefined {
  const rows = entry.hits.length === 0 ? [rowOf(entry)] : entry.hits.map((hit) => rowOf(entry, hit));
  return rows.every((row) => row.every(isStorable)) ? rows : undefined;
}

function rowOf(entry: HitEntry, hit?: Hit): HitRow {
  return [
    Math.trunc(entry.timeMs),
    entry.requestId,
    entry.direction,
    entry.route,
    entry.field,
    entry.outcome,
    entry.policy,
    entry.mode,
    entry.action,
    entry.applied,
    hit?.category ?? null,
    hit?.source ?? null,
    hit?.action ?? null,
    hit?.score ?? null,
    hit?.span.start ?? null,
    hit?.span.end ?? null,
    hit?.termId ?? null,
    entry.versions.policy,
    entry.versions.lexicon,
    entry.versions.model,
  ].map((value) => (typeof value === 'string' ? storableText(value) : value));
}

/** Names in a body may hold what no database takes: PostgreSQL refuses U+0000, and UTF-8 has no half surrogate pairs. */
function storableText(text: string): string {
  return text.replace(/[\0\p{Cs}]/gu, '\u{FFFD}');
}

function isStorable(value: SqlValue): boolean {
  return typeof value !== 'number' || Number.isFinite(value);
}
