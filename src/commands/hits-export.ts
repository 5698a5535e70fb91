import { once } from 'node:events';
import { HitQueries, type RecordedHit } from '../store/index.js';
import { csvLine } from './csv-line.js';
import { type HitFilterOptions, readHitFilter } from './hit-filter.js';
import type { HitsStreams } from './hits-list.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What the command line gives to `hits export`. */
export interface HitsExportOptions extends DatabaseOptions, HitFilterOptions {
  readonly format: 'jsonl' | 'csv';
}

/**
 * Writes all rows in the order of recording, at the pace of the reader.
 * @throws {SluiceError} when the config or the database cannot be used.
 */
export async function hitsExport(options: HitsExportOptions, { stdout }: HitsStreams): Promise<void> {
  const csv = options.format === 'csv';
  const write = async (text: string): Promise<void> => {
    if (!stdout.write(text)) await once(stdout, 'drain');
  };
  await withDatabase(options, async (database, config) => {
    if (csv) await write(csvLine(Object.keys(COLUMNS)));
    const columns = Object.values(COLUMNS);
    for await (const hit of new HitQueries(database).all(readHitFilter(options, config))) {
      await write(csv ? csvLine(columns.map((valueIn) => valueIn(hit))) : `${JSON.stringify(hit)}\n`);
    }
  });
}

const COLUMNS: Readonly<Record<string, (hit: RecordedHit) => string | number | null>> = {
  id: (hit) => hit.id,
  time: (hit) => new Date(hit.timeMs).toISOString(),
  request_id: (hit) => hit.requestId,
  subject: (hit) => hit.subject,
  direction: (hit) => hit.direction,
  route: (hit) => hit.route,
  field: (hit) => hit.field,
  outcome: (hit) => hit.outcome,
  policy: (hit) => hit.policy,
  mode: (hit) => hit.mode,
  action: (hit) => hit.action,
  applied: (hit) => hit.applied,
  category: (hit) => hit.category,
  source: (hit) => hit.source,
  hit_action: (hit) => hit.hitAction,
  score: (hit) => hit.score,
  span_start: (hit) => hit.span?.start ?? null,
  span_end: (hit) => hit.span?.end ?? null,
  term_id: (hit) => hit.termId,
  unlisted: (hit) => hit.unlisted,
  policy_version: (hit) => hit.versions.policy,
  lexicon_version: (hit) => hit.versions.lexicon,
  model_version: (hit) => hit.versions.model,
  features_version: (hit) => hit.versions.features,
};
