import { ACTIONS, type Action } from '../core/index.js';
import { type DayCount, HitQueries } from '../store/index.js';
import { formatTable } from './format-table.js';
import { type HitFilterOptions, readHitFilter } from './hit-filter.js';
import type { HitsStreams } from './hits-list.js';
import { type DatabaseOptions, withDatabase } from './with-database.js';

/** What the command line gives to `hits stats`. */
export interface HitsStatsOptions extends DatabaseOptions, HitFilterOptions {
  readonly json?: boolean;
}

/**
 * Writes how many rows there are per UTC day and category, by what was done.
 * @throws {SluiceError} when the config or the database cannot be used.
 */
export async function hitsStats(options: HitsStatsOptions, { stdout }: HitsStreams): Promise<void> {
  const counts = await withDatabase(options, (database, config) =>
    new HitQueries(database).countByDay(readHitFilter(options, config)),
  );
  const rows = tabulate(counts);
  if (options.json === true) for (const row of rows) stdout.write(`${JSON.stringify(row)}\n`);
  else if (rows.length === 0) stdout.write('no hits\n');
  else {
    const lines = rows.map(({ day, category, all, ...by }) => [
      day,
      category ?? '(nothing found)',
      all,
      ...ACTIONS.map((action) => by[action]),
    ]);
    stdout.write(`${formatTable([['day', 'category', 'all', ...ACTIONS], ...lines]).join('\n')}\n`);
  }
}

type StatsRow = Pick<DayCount, 'day' | 'category'> & { all: number } & Record<Action, number>;

function tabulate(counts: readonly DayCount[]): StatsRow[] {
  const rows = new Map<string, StatsRow>();
  for (const { day, category, applied, count } of counts) {
    const key = `${day} ${category}`;
    const row = rows.get(key) ?? { day, category, all: 0, allow: 0, flag: 0, redact: 0, block: 0 };
    row.all += count;
    row[applied] += count;
    rows.set(key, row);
  }
  return [...rows.values()];
}
