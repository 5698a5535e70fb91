import { HitQueries, type RecordedHit } from '../store/index.js';
import type { HitsStreams } from './hits-list.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What the command line gives to `hits show`. */
export interface HitsShowOptions extends DatabaseOptions {
  readonly json?: boolean;
}

/**
 * Writes everything that the record holds of one hit or one request; returns the exit code: 0, or 1 when it holds nothing.
 * @param id of a hit, or of a request as a notice names it
 * @throws {SluiceError} when the config or the database cannot be used.
 */
export async function hitsShow(id: string, options: HitsShowOptions, { stdout }: HitsStreams): Promise<0 | 1> {
  const hits = await withDatabase(options, (database) => new HitQueries(database).find(id));
  if (options.json === true) for (const hit of hits) stdout.write(`${JSON.stringify(hit)}\n`);
  else stdout.write(hits.length === 0 ? 'nothing is recorded under this id\n' : hits.map(describe).join('\n'));
  return hits.length === 0 ? 1 : 0;
}

function describe(hit: RecordedHit): string {
  const { span, versions } = hit;
  const lines: [string, string | number | null][] = [
    ['hit', hit.id],
    ['time', new Date(hit.timeMs).toISOString()],
    ['request', hit.requestId],
    ['subject', hit.subject],
    ['route', hit.route],
    ['side', hit.direction],
    ['field', hit.field],
    ['outcome', hit.outcome],
    ['policy', `${hit.policy}, mode ${hit.mode}`],
    ['decided', hit.action],
    ['done', hit.applied],
    ['category', hit.category],
    ['not listed', hit.unlisted === 0 ? null : `${hit.unlisted} more of this category in this text`],
    ['for this hit', hit.hitAction],
    ['source', hit.source],
    ['score', hit.score],
    ['span', span === null ? null : `${span.start} to ${span.end}`],
    ['term', hit.termId],
    [
      'versions',
      Object.entries(versions)
        .map((part) => part.join(' '))
        .join(', '),
    ],
  ];
  return lines.map(([name, value]) => (value === null ? '' : `${name.padEnd(13)}${value}\n`)).join('');
}
