import type { Action, Category, Direction, Outcome } from '../core/index.js';
import type { Database, SqlRow, SqlValue } from './database.js';
import { type RecordedHit, readHit } from './recorded-hit.js';

/** Which rows of the record; what is left out does not matter. */
export interface HitFilter {
  /** First and last moment, the last one excluded, in milliseconds since the Unix epoch. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly categories?: readonly Category[] | undefined;
  /** What was done. */
  readonly actions?: readonly Action[] | undefined;
  readonly outcomes?: readonly Outcome[] | undefined;
  readonly direction?: Direction | undefined;
  /** Id of the subject, as `subjectId` makes it. */
  readonly subject?: string | undefined;
}

/** How many hits of one kind there are on one day. */
export interface DayCount {
  /** UTC day, `YYYY-MM-DD`. */
  readonly day: string;
  /** Null for texts in which nothing was found. */
  readonly category: Category | null;
  readonly applied: Action;
  readonly count: number;
}

/** Rows read at a time. */
const PAGE_ROWS = 1_000;

/** Reads the record. */
export class HitQueries {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The rows that were recorded last, the newest first. */
  async latest(filter: HitFilter, limit: number): Promise<RecordedHit[]> {
    const { where, values } = condition(filter);
    const rows = await this.#database.all(`SELECT * FROM hits ${where} ORDER BY id DESC LIMIT ?`, [...values, limit]);
    return rows.map(readHit);
  }

  /** All rows in the order of recording, read piece by piece, so that a record of any size can be exported. */
  async *all(filter: HitFilter): AsyncGenerator<RecordedHit> {
    const { where, values } = condition(filter);
    let last: SqlValue = 0;
    for (;;) {
      const rows: SqlRow[] = await this.#database.all(`SELECT * FROM hits ${where} AND id > ? ORDER BY id LIMIT ?`, [
        ...values,
        last,
        PAGE_ROWS,
      ]);
      for (const row of rows) yield readHit(row);
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end['id'] ?? last;
    }
  }

  /** The rows of one request, or the one row with this id. */
  async find(id: string): Promise<RecordedHit[]> {
    const [, writer, seq] = /^([a-z0-9]+)-(\d{1,15})$/.exec(id) ?? [];
    const byRequest = await this.#database.all(
      'SELECT * FROM hits WHERE request_id = ? AND erased_ms IS NULL ORDER BY id',
      [id],
    );
    if (byRequest.length > 0 || writer === undefined) return byRequest.map(readHit);
    const rows = await this.#database.all('SELECT * FROM hits WHERE writer = ? AND seq = ? AND erased_ms IS NULL', [
      writer,
      Number(seq),
    ]);
    return rows.map(readHit);
  }

  /** Rows that name a list entry or a feature, by its id. */
  async countOfTerm(termId: string): Promise<number> {
    const [row] = await this.#database.all<{ count: number }>(
      'SELECT count(*) AS count FROM hits WHERE term_id = ? AND erased_ms IS NULL',
      [termId],
    );
    return Number(row?.count);
  }

  /** Hits, or texts in which nothing was found, per day, category and what was done, in this order. */
  async countByDay(filter: HitFilter): Promise<DayCount[]> {
    const { where, values } = condition(filter);
    const day = this.#database.dialect.utcDay('time_ms');
    return this.#database.all<DayCount>(
      `SELECT ${day} AS day, category, applied, CAST(count(*) + coalesce(sum(unlisted), 0) AS BIGINT) AS count FROM hits ${where}
       GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      values,
    );
  }
}

function condition(filter: HitFilter): { readonly where: string; readonly values: readonly SqlValue[] } {
  const parts: string[] = ['erased_ms IS NULL'];
  const values: SqlValue[] = [];
  const add = (sql: string, ...given: SqlValue[]): void => {
    parts.push(sql);
    values.push(...given);
  };
  const addOneOf = (column: string, given: readonly string[] | undefined): void => {
    if (given !== undefined && given.length > 0) add(`${column} IN (${given.map(() => '?').join(', ')})`, ...given);
  };
  const { sinceMs, untilMs, categories, actions, outcomes, direction, subject } = filter;
  if (sinceMs !== undefined) add('time_ms >= ?', sinceMs);
  if (untilMs !== undefined) add('time_ms < ?', untilMs);
  addOneOf('category', categories);
  addOneOf('applied', actions);
  addOneOf('outcome', outcomes);
  if (direction !== undefined) add('direction = ?', direction);
  if (subject !== undefined) add('subject = ?', subject);
  return { where: `WHERE ${parts.join(' AND ')}`, values };
}
