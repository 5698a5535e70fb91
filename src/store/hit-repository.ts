import type { BulkInsert, Database, SqlValue } from './database.js';
import { evidenceRows, type SealedEvidence } from './evidence/index.js';
import { type ChainPoint, genesisHash, type SealedHit } from './hit-chain.js';
import { HIT_COLUMNS } from './hit-content.js';
import { LateEraser } from './late-eraser.js';

/** Whose rows a batch holds. */
export interface HitWriter {
  readonly writer: string;
  /** Which key the chain is made with; null for none. */
  readonly keyId: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly startedMs: number;
}

/** Consecutive rows of one writer. */
export interface HitBatch {
  readonly by: HitWriter;
  readonly hits: readonly SealedHit[];
  /** Texts kept beside them; left out when there are none. */
  readonly evidence?: readonly SealedEvidence[];
  /** The last row; of an empty batch the last one before it. */
  readonly head: ChainPoint;
  /** Entries that the writer has lost so far, because it could not keep them. */
  readonly lost: number;
}

/** Where batches end up. */
export interface HitTarget {
  /** Resolves once the batch is durable. One that was taken before, wholly or in part, is not taken twice. */
  append(batch: HitBatch): Promise<void>;
  /** Erases of a batch that was appended late, from a spool, what is of forgotten subjects or was cut off by retention. */
  eraseLate(batch: HitBatch): Promise<void>;
  /** Notes that a writer ended as it should: nothing of it was left in memory. */
  closeWriter(writer: string, timeMs: number): Promise<void>;
}

/** Where batches go first. */
export interface HitSink extends Omit<HitTarget, 'eraseLate'> {
  /** Bytes that wait on disk. */
  readonly spooledBytes: number;
  /** Whether batches go around the database at the moment. */
  readonly spooling: boolean;
  /** Lets go of everything; what waits on disk stays there. */
  close(): Promise<void>;
}

const SUBJECT_AT = Object.keys(HIT_COLUMNS).indexOf('subject');

const HITS: BulkInsert = {
  table: 'hits',
  columns: { writer: 'text', seq: 'integer', ...HIT_COLUMNS, salt: 'bytes', digest: 'bytes', hash: 'bytes' },
  suffix: 'ON CONFLICT (writer, seq) DO NOTHING',
};

/** Batches of one writer may arrive out of order when one was spooled: the head only moves on. */
const HEADS: BulkInsert = {
  table: 'writers',
  columns: {
    writer: 'text',
    key_id: 'text',
    started_ms: 'integer',
    base_seq: 'integer',
    base_hash: 'bytes',
    head_seq: 'integer',
    head_hash: 'bytes',
    lost: 'integer',
  },
  suffix: `ON CONFLICT (writer) DO UPDATE
    SET head_seq = excluded.head_seq, head_hash = excluded.head_hash, lost = excluded.lost
    WHERE excluded.head_seq >= writers.head_seq`,
};

/** The record of hits in the database: what writers append to it. */
export class HitRepository implements HitTarget {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async append({ by, hits, evidence = [], head, lost }: HitBatch): Promise<void> {
    const { writer, keyId, startedMs } = by;
    const rows = hits.map((hit): SqlValue[] => [hit.writer, hit.seq, ...hit.content, hit.salt, hit.digest, hit.hash]);
    const headRow = [writer, keyId, startedMs, 0, genesisHash(writer), head.seq, head.hash, lost];
    await this.#database.insertTogether([
      { into: HITS, rows },
      evidenceRows(evidence),
      { into: HEADS, rows: [headRow] },
    ]);
  }

  async eraseLate({ by, hits }: HitBatch): Promise<void> {
    const eraser = new LateEraser(this.#database);
    await eraser.removeCut(by.writer);
    const subjects = hits.map(({ content }) => content[SUBJECT_AT]);
    await eraser.eraseForgotten(subjects.filter((subject) => typeof subject === 'string'));
  }

  async closeWriter(writer: string, timeMs: number): Promise<void> {
    await this.#database.run('UPDATE writers SET closed_ms = ? WHERE writer = ?', [timeMs, writer]);
  }
}
