import {
  AppealError,
  type AppealState,
  type AppealStatus,
  type Appeals,
  type EnforcementRules,
  type NewAppeal,
} from '../../core/index.js';
import type { Database, Queryable, SqlValue } from '../database.js';
import { type ReversedStrike, reverseStrike } from './reverse-strike.js';

/** An appeal as reviewers see it. */
export interface Appeal extends AppealState {
  readonly id: string;
  /** The reference of the notice: id of the request. */
  readonly hit: string;
  readonly message: string | null;
  readonly decidedBy: string | null;
  readonly reason: string | null;
  /** What overturning it has changed; null before. */
  readonly effects: AppealEffects | null;
}

/** What overturning an appeal changes beside it. */
export interface AppealEffects {
  /** Allow-phrases that were added to a list. */
  readonly allowed: readonly string[];
  /** Ids of features that were revoked. */
  readonly revoked: readonly string[];
  /** The strike that counts no more; null where there was none. */
  readonly strike: ReversedStrike | null;
}

/** What a reviewer decides. */
export interface AppealDecision {
  readonly status: Exclude<AppealStatus, 'open'>;
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly effects: Omit<AppealEffects, 'strike'>;
  /** When strikes lead to steps; undefined where they do not. */
  readonly rules: EnforcementRules | undefined;
}

interface AppealRow {
  readonly id: string;
  readonly hit: string;
  readonly time_ms: number;
  readonly message: string | null;
  readonly status: AppealStatus;
  readonly decided_ms: number | null;
  readonly decided_by: string | null;
  readonly reason: string | null;
  readonly effects: string | null;
}

/** How long the record may take to catch up with an appeal, in milliseconds: a spool may wait for days. */
const UNKNOWN_KEPT_MS = 7 * 24 * 60 * 60 * 1000;

/** Appeals in the database. */
export class AppealRepository implements Appeals {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async open(appeal: NewAppeal, maxOpen: number): Promise<'opened' | 'exists' | 'full'> {
    return this.#database.transaction(async (tx) => {
      const [waiting] = await tx.all<{ count: number }>("SELECT count(*) AS count FROM appeals WHERE status = 'open'");
      if (Number(waiting?.count) >= maxOpen) return 'full';
      const [recorded] = await tx.all<{ subject: string | null }>(
        'SELECT subject FROM hits WHERE request_id = ? AND erased_ms IS NULL LIMIT 1',
        [appeal.hit],
      );
      const added = await tx.run(
        `INSERT INTO appeals (id, hit, time_ms, subject, message, status) VALUES (?, ?, ?, ?, ?, 'open')
         ON CONFLICT DO NOTHING`,
        [appeal.id, appeal.hit, Math.trunc(appeal.timeMs), recorded?.subject ?? null, appeal.message],
      );
      return added === 0 ? 'exists' : 'opened';
    });
  }

  async stateOf(id: string): Promise<AppealState | undefined> {
    const [row] = await this.#database.all<AppealRow>('SELECT * FROM appeals WHERE id = ?', [id]);
    if (row === undefined) return undefined;
    const { status, timeMs, decidedMs } = fromRow(row);
    return { status, timeMs, decidedMs };
  }

  /** The appeals of a status, or all, the oldest first. */
  async list({
    status,
    limit,
  }: {
    readonly status?: AppealStatus | undefined;
    readonly limit: number;
  }): Promise<Appeal[]> {
    const [where, values]: [string, SqlValue[]] = status === undefined ? ['', []] : ['WHERE status = ?', [status]];
    const rows = await this.#database.all<AppealRow>(`SELECT * FROM appeals ${where} ORDER BY time_ms, id LIMIT ?`, [
      ...values,
      limit,
    ]);
    return rows.map(fromRow);
  }

  /**
   * The appeal about a hit.
   * @throws {AppealError} when there is none.
   */
  find(hit: string): Promise<Appeal> {
    return find(this.#database, hit);
  }

  /**
   * Decides an appeal. Overturning it takes back the strike of its hit, with the steps that would not have been taken without it.
   * @throws {AppealError} when there is no such appeal, or it is decided so that nothing can be changed about it.
   */
  decide(hit: string, decision: AppealDecision): Promise<Appeal> {
    return this.#database.transaction((tx) => decide(tx, hit, decision));
  }

  /**
   * What `decide` would come to; nothing is changed.
   * @throws {AppealError} as `decide` does.
   */
  async preview(hit: string, decision: AppealDecision): Promise<Appeal> {
    try {
      return await this.#database.transaction(async (tx) => {
        throw new Undone(await decide(tx, hit, decision));
      });
    } catch (error) {
      if (error instanceof Undone) return error.appeal;
      throw error;
    }
  }

  /** Removes what is too old, and appeals about hits that were never recorded; resolves to their number. */
  async expire(beforeMs: number, nowMs: number): Promise<number> {
    const old = await this.#database.run('DELETE FROM appeals WHERE time_ms < ?', [beforeMs]);
    const unknown = await this.#database.run(
      `DELETE FROM appeals WHERE status = 'open' AND time_ms < ?
       AND NOT EXISTS (SELECT 1 FROM hits WHERE hits.request_id = appeals.hit)`,
      [nowMs - UNKNOWN_KEPT_MS],
    );
    return old + unknown;
  }

  /** Removes every appeal about hits of a subject; call it before the hits are erased. Resolves to their number. */
  forget(subject: string): Promise<number> {
    return this.#database.run(
      'DELETE FROM appeals WHERE subject = ? OR hit IN (SELECT request_id FROM hits WHERE subject = ?)',
      [subject, subject],
    );
  }
}

/**
 * Says whether an appeal can be decided so: an open one in any way, and a block that was upheld may still be overturned.
 * @throws {AppealError} when it cannot.
 */
export function assertOpenTo(status: AppealDecision['status'], appeal: Appeal): void {
  if (appeal.status === 'open' || (appeal.status === 'upheld' && status === 'overturned')) return;
  const when = new Date(appeal.decidedMs ?? 0).toISOString();
  throw new AppealError(409, `The appeal of ${appeal.hit} was ${appeal.status} by ${appeal.decidedBy} at ${when}`);
}

/** Ends a transaction whose outcome alone is wanted. */
class Undone extends Error {
  readonly appeal: Appeal;

  constructor(appeal: Appeal) {
    super('undone');
    this.appeal = appeal;
  }
}

async function decide(tx: Queryable, hit: string, decision: AppealDecision): Promise<Appeal> {
  const { status, by, reason, timeMs, rules } = decision;
  // Locks the row in PostgreSQL; SQLite has one writer anyway.
  await tx.run('UPDATE appeals SET status = status WHERE hit = ?', [hit]);
  assertOpenTo(status, await find(tx, hit));
  const strike =
    status === 'overturned'
      ? await reverseStrike(tx, { requestId: hit, rules, timeMs, reason: `appeal of ${hit} overturned` })
      : null;
  const effects = status === 'overturned' ? JSON.stringify({ ...decision.effects, strike }) : null;
  await tx.run('UPDATE appeals SET status = ?, decided_ms = ?, decided_by = ?, reason = ?, effects = ? WHERE hit = ?', [
    status,
    Math.trunc(timeMs),
    by,
    reason,
    effects,
    hit,
  ]);
  return find(tx, hit);
}

async function find(from: Queryable, hit: string): Promise<Appeal> {
  const [row] = await from.all<AppealRow>('SELECT * FROM appeals WHERE hit = ?', [hit]);
  if (row === undefined) throw new AppealError(404, `There is no appeal of ${hit}`);
  return fromRow(row);
}

function fromRow(row: AppealRow): Appeal {
  return {
    id: row.id,
    hit: row.hit,
    timeMs: Number(row.time_ms),
    message: row.message,
    status: row.status,
    decidedMs: row.decided_ms === null ? null : Number(row.decided_ms),
    decidedBy: row.decided_by,
    reason: row.reason,
    effects: row.effects === null ? null : (JSON.parse(row.effects) as AppealEffects),
  };
}
