import type { Category, Feature, FeatureOrigin, Severity } from '../core/index.js';
import type { BulkInsert, Database, Queryable, SqlValue } from './database.js';

/** A feature as the database has it. */
export interface StoredFeature extends Omit<Feature, 'signature'> {
  /** Null once the feature was revoked. */
  readonly signature: Uint8Array | null;
  /** Number of the change that last touched it; rises with every change of the database. */
  readonly changed: number;
  /** Milliseconds since the Unix epoch; null while it holds. */
  readonly revokedMs: number | null;
}

/** Channel on which changes are told. */
export const FEATURE_CHANNEL = 'sluice_features';

/** Where a reader of the changes stands: behind this feature of this change. */
export interface FeatureCursor {
  readonly changed: number;
  readonly id: string;
}

/** The place before the first change. */
export const FIRST_CHANGE: FeatureCursor = { changed: 0, id: '' };

/** Which features to list; every field narrows. */
export interface FeatureFilter {
  readonly category?: Category;
  readonly origin?: FeatureOrigin;
  /** Features that hold at this time alone, in milliseconds since the Unix epoch: neither revoked nor expired. */
  readonly holdingAtMs?: number;
}

interface FeatureRow {
  readonly id: string;
  readonly changed: number;
  readonly key_id: string;
  readonly signature: Uint8Array | null;
  readonly category: Category;
  readonly severity: number;
  readonly origin: FeatureOrigin;
  readonly added_ms: number;
  readonly expires_ms: number | null;
  readonly revoked_ms: number | null;
  readonly reason: string | null;
}

const INTO = {
  table: 'features',
  columns: {
    id: 'text',
    changed: 'integer',
    key_id: 'text',
    signature: 'bytes',
    category: 'text',
    severity: 'integer',
    origin: 'text',
    added_ms: 'integer',
    expires_ms: 'integer',
    reason: 'text',
  },
} as const;

const REPLACE = `ON CONFLICT (id) DO UPDATE SET changed = excluded.changed, key_id = excluded.key_id,
  signature = excluded.signature, category = excluded.category, severity = excluded.severity, origin = excluded.origin,
  added_ms = excluded.added_ms, expires_ms = excluded.expires_ms, revoked_ms = NULL, reason = excluded.reason`;
const EXPIRED = 'features.revoked_ms IS NULL AND features.expires_ms <= excluded.added_ms';
/** What holds stays as it is, and what was revoked stays revoked. */
const ADD: BulkInsert = { ...INTO, suffix: `${REPLACE} WHERE ${EXPIRED}` };
/** The same, but what was revoked holds again. */
const RESTORE: BulkInsert = { ...INTO, suffix: `${REPLACE} WHERE features.revoked_ms IS NOT NULL OR ${EXPIRED}` };

/** Rows of one page, of about 350 bytes: some ten milliseconds of work for whoever makes an index of them. */
const PAGE_ROWS = 500;

/** The feature database in the store. */
export class FeatureRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Adds features as one change; those that hold already are left as they are, and so are revoked ones unless `restore` says
   * that they hold again. Resolves to the number that is new.
   */
  async add(features: readonly Feature[], { restore = false }: { readonly restore?: boolean } = {}): Promise<number> {
    if (features.length === 0) return 0;
    // One statement may not touch a row twice.
    const distinct = new Map(features.map((feature) => [feature.id, feature]));
    const added = await this.#database.transaction(async (tx) => {
      const changed = await nextChange(tx);
      const rows = [...distinct.values()].map((feature): SqlValue[] => [
        feature.id,
        changed,
        feature.keyId,
        feature.signature,
        feature.category,
        feature.severity,
        feature.origin,
        feature.addedMs,
        feature.expiresMs,
        feature.reason,
      ]);
      return tx.insert(restore ? RESTORE : ADD, rows);
    });
    await this.#tell();
    return added;
  }

  /** Revokes features; resolves to the ids that held until now. Their signatures are gone, the ids stay. */
  async revoke(
    ids: readonly string[],
    { timeMs, reason }: { timeMs: number; reason: string | null },
  ): Promise<string[]> {
    const revoked = await this.#database.transaction(async (tx) => {
      const changed = await nextChange(tx);
      const revoked: string[] = [];
      for (const id of ids) {
        const rows = await tx.run(
          `UPDATE features SET signature = NULL, revoked_ms = ?, changed = ?, reason = coalesce(?, reason)
           WHERE id = ? AND revoked_ms IS NULL`,
          [timeMs, changed, reason, id],
        );
        if (rows > 0) revoked.push(id);
      }
      return revoked;
    });
    await this.#tell();
    return revoked;
  }

  /** The features that changed behind `cursor`, in the order of their changes; a page of them, empty at the end. */
  async changesSince({ changed, id }: FeatureCursor): Promise<StoredFeature[]> {
    const rows = await this.#database.all<FeatureRow>(
      'SELECT * FROM features WHERE changed > ? OR (changed = ? AND id > ?) ORDER BY changed, id LIMIT ?',
      [changed, changed, id, PAGE_ROWS],
    );
    return rows.map(fromRow);
  }

  /** Number of the last change; 0 before the first. */
  async lastChange(): Promise<number> {
    const [row] = await this.#database.all<{ last_change: number }>('SELECT last_change FROM feature_changes');
    return Number(row?.last_change ?? 0);
  }

  /** Features that hold at a time, in milliseconds since the Unix epoch. */
  async count(atMs: number): Promise<number> {
    const [row] = await this.#database.all<{ count: number }>(
      'SELECT count(*) AS count FROM features WHERE revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > ?)',
      [atMs],
    );
    return Number(row?.count ?? 0);
  }

  /** The feature of an id; undefined when there never was one. */
  async find(id: string): Promise<StoredFeature | undefined> {
    const [row] = await this.#database.all<FeatureRow>('SELECT * FROM features WHERE id = ?', [id]);
    return row && fromRow(row);
  }

  /** Every feature that a filter lets through, in the order of the ids. */
  async *list({ category, origin, holdingAtMs }: FeatureFilter = {}): AsyncGenerator<StoredFeature> {
    const conditions = ['id > ?'];
    const values: SqlValue[] = [];
    const narrow = (condition: string, value: SqlValue): void => {
      conditions.push(condition);
      values.push(value);
    };
    if (category !== undefined) narrow('category = ?', category);
    if (origin !== undefined) narrow('origin = ?', origin);
    if (holdingAtMs !== undefined) narrow('revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > ?)', holdingAtMs);
    const sql = `SELECT * FROM features WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ?`;
    for (let lastId = ''; ; ) {
      const rows = await this.#database.all<FeatureRow>(sql, [lastId, ...values, PAGE_ROWS]);
      for (const row of rows) yield fromRow(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      lastId = last.id;
    }
  }

  /** Tells followers at once. What cannot be told they find out by themselves: it is written. */
  async #tell(): Promise<void> {
    await this.#database.notify(FEATURE_CHANNEL, '').catch(() => undefined);
  }
}

/** Counts one change; other writers wait for the end of the transaction, so that readers see changes in their order. */
async function nextChange(tx: Queryable): Promise<number> {
  const [row] = await tx.all<{ last_change: number }>(
    'UPDATE feature_changes SET last_change = last_change + 1 RETURNING last_change',
  );
  return Number(row?.last_change);
}

function fromRow(row: FeatureRow): StoredFeature {
  return {
    id: row.id,
    changed: Number(row.changed),
    keyId: row.key_id,
    signature: row.signature,
    category: row.category,
    severity: Number(row.severity) as Severity,
    origin: row.origin,
    addedMs: Number(row.added_ms),
    expiresMs: row.expires_ms === null ? null : Number(row.expires_ms),
    revokedMs: row.revoked_ms === null ? null : Number(row.revoked_ms),
    reason: row.reason,
  };
}
