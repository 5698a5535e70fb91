import { HitQueries, type RecordedHit } from '../store/index.js';
import { formatTable } from './format-table.js';
import { type HitFilterOptions, readHitFilter } from './hit-filter.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What the command line gives to `hits list`. */
export interface HitsListOptions extends DatabaseOptions, HitFilterOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** Where the commands on hits write. */
export interface HitsStreams {
  readonly stdout: NodeJS.WritableStream;
}

/**
 * Writes the newest rows of the record, the newest last.
 * @throws {SluiceError} when the config or the database cannot be used.
 */
export async function hitsList(options: HitsListOptions, { stdout }: HitsStreams): Promise<void> {
  const hits = await withDatabase(options, (database, config) =>
    new HitQueries(database).latest(readHitFilter(options, config), options.limit),
  );
  hits.reverse();
  if (options.json === true) for (const hit of hits) stdout.write(`${JSON.stringify(hit)}\n`);
  else stdout.write(hits.length === 0 ? 'no hits\n' : `${formatTable([HEAD, ...hits.map(lineOf)]).join('\n')}\n`);
}

const HEAD = ['time', 'id', 'side', 'category', 'score', 'source', 'done', 'route', 'request'];

function lineOf(hit: RecordedHit): (string | number)[] {
  return [
    new Date(hit.timeMs).toISOString(),
    hit.id,
    hit.direction,
    (hit.category ?? `(${hit.outcome})`) + (hit.unlisted > 0 ? ` +${hit.unlisted}` : ''),
    hit.score === null ? '' : hit.score.toFixed(3),
    hit.source ?? '',
    hit.applied === hit.action ? hit.applied : `${hit.applied} (${hit.mode}: ${hit.action})`,
    hit.route,
    hit.requestId,
  ];
}
