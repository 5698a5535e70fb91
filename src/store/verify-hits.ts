import type { Database, SqlRow } from './database.js';
import { type ChainPoint, chainKeyId, digestHit, linkHash } from './hit-chain.js';
import { HIT_COLUMNS } from './hit-content.js';

/** What is wrong with one chain, and where. */
export interface ChainProblem {
  /**
   * `missing`: rows are gone. `changed`: a row does not say what it said. `broken`: a row does not follow from the one before it.
   * `extra`: rows behind the end. `unknown`: rows of a writer that is not known. `key`: made without the key or with another one,
   * so that only changes and gaps can be seen. `head`: not what was noted earlier.
   */
  readonly kind: 'missing' | 'changed' | 'broken' | 'extra' | 'unknown' | 'key' | 'head';
  /** First and last row that it concerns. */
  readonly seq: number;
  readonly lastSeq: number;
}

/** How one chain is. */
export interface ChainReport {
  readonly writer: string;
  readonly startedMs: number;
  /** When it ended as it should; null for one that still runs, or that was killed. */
  readonly closedMs: number | null;
  /** Entries that the writer could not keep. */
  readonly lost: number;
  /** Rows whose content was erased, without those that were removed since. */
  readonly erased: number;
  readonly rows: number;
  readonly head: ChainPoint;
  readonly problems: readonly ChainProblem[];
}

/** What to hold the record against. */
export interface VerifyHitsOptions {
  /** The key of keyed chains. */
  readonly key?: Uint8Array | undefined;
  /** Heads that were noted earlier, elsewhere, by writer. */
  readonly heads?: ReadonlyMap<string, ChainPoint>;
}

interface Writer {
  readonly writer: string;
  readonly key_id: string | null;
  readonly started_ms: number;
  readonly closed_ms: number | null;
  readonly base_seq: number;
  readonly base_hash: Uint8Array;
  readonly head_seq: number;
  readonly head_hash: Uint8Array;
  readonly lost: number;
}

const PAGE_ROWS = 1_000;
const CONTENT = Object.keys(HIT_COLUMNS);

/** Goes over all chains, oldest writer first; others may write and erase meanwhile. */
export async function* verifyHits(database: Database, options: VerifyHitsOptions = {}): AsyncGenerator<ChainReport> {
  const writers = await database.all<Writer>('SELECT * FROM writers ORDER BY started_ms, writer');
  for (const writer of writers) yield await new ChainWalk(database, writer, options).report();
  const unknown = await database.all<{ writer: string; first: number; last: number; rows: number }>(
    `SELECT writer, min(seq) AS first, max(seq) AS last, count(*) AS rows FROM hits
     WHERE writer NOT IN (SELECT writer FROM writers) GROUP BY writer`,
  );
  for (const { writer, first, last, rows } of unknown) {
    const problems: ChainProblem[] = [{ kind: 'unknown', seq: first, lastSeq: last }];
    const head = { seq: last, hash: new Uint8Array() };
    yield { writer, startedMs: 0, closedMs: null, lost: 0, erased: 0, rows, head, problems };
  }
  const known = new Set(writers.map(({ writer }) => writer));
  for (const [writer, head] of options.heads ?? []) {
    if (known.has(writer)) continue;
    const problems: ChainProblem[] = [{ kind: 'missing', seq: 1, lastSeq: head.seq }];
    yield { writer, startedMs: 0, closedMs: null, lost: 0, erased: 0, rows: 0, head, problems };
  }
}

class ChainWalk {
  readonly #database: Database;
  readonly #writer: Writer;
  readonly #key: Uint8Array | undefined;
  readonly #linksCount: boolean;
  /** Whether there is a key that chains are to be made with. */
  readonly #isKeyed: boolean;
  readonly #noted: ChainPoint | undefined;
  readonly #problems: ChainProblem[] = [];
  /** What the next row has to follow from. */
  #seq: number;
  /** Undefined behind a gap. */
  #hash: Uint8Array | undefined;
  #rows = 0;
  #erased = 0;

  constructor(database: Database, writer: Writer, { key, heads }: VerifyHitsOptions) {
    this.#database = database;
    this.#writer = writer;
    this.#key = writer.key_id === null ? undefined : key;
    this.#isKeyed = key !== undefined;
    this.#linksCount = writer.key_id === chainKeyId(this.#key);
    this.#noted = heads?.get(writer.writer);
    this.#seq = writer.base_seq;
    this.#hash = writer.base_hash;
  }

  async report(): Promise<ChainReport> {
    const { writer, started_ms, closed_ms, head_seq, head_hash, lost } = this.#writer;
    if (!this.#isProven()) this.#note('key', this.#seq + 1, head_seq);
    for (;;) {
      const rows = await this.#database.all(
        'SELECT * FROM hits WHERE writer = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
        [writer, this.#seq, head_seq, PAGE_ROWS],
      );
      for (const row of rows) await this.#check(row);
      if (rows.length < PAGE_ROWS) break;
    }
    if (this.#seq < head_seq) await this.#skipTo(head_seq + 1);
    if (this.#seq === head_seq && this.#hash !== undefined && !equal(this.#hash, head_hash))
      this.#note('broken', head_seq);
    await this.#checkEnd();
    this.#checkNoted();
    const head = { seq: head_seq, hash: head_hash };
    const counts = { lost, rows: this.#rows, erased: this.#erased };
    return { writer, startedMs: started_ms, closedMs: closed_ms, ...counts, head, problems: this.#problems };
  }

  /** Whoever can write to the database could have made a keyed chain anew without a key; one whose head was noted is the one it was. */
  #isProven(): boolean {
    if (!this.#linksCount) return false;
    return this.#writer.key_id !== null || !this.#isKeyed || (this.#noted?.seq ?? 0) >= this.#writer.head_seq;
  }

  async #check(row: SqlRow): Promise<void> {
    const seq = Number(row['seq']);
    if (seq <= this.#seq) return;
    if (seq !== this.#seq + 1) await this.#skipTo(seq);
    const { digest, hash, salt } = row as { digest: Uint8Array; hash: Uint8Array; salt: Uint8Array | null };
    this.#rows += 1;
    if (!this.#isAsItWas(row, salt, digest)) this.#note('changed', seq);
    if (!this.#follows(digest, hash)) this.#note('broken', seq);
    this.#seq = seq;
    // As it stands: what comes after it is judged by itself, so that one damage is told once.
    this.#hash = hash;
    if (seq === this.#noted?.seq && !equal(hash, this.#noted.hash)) this.#note('head', seq);
  }

  #follows(digest: Uint8Array, hash: Uint8Array): boolean {
    if (!this.#linksCount || this.#hash === undefined) return true;
    return equal(hash, linkHash(this.#hash, digest, this.#key));
  }

  #isAsItWas(row: SqlRow, salt: Uint8Array | null, digest: Uint8Array): boolean {
    const content = CONTENT.map((column) => row[column] ?? null);
    if (row['erased_ms'] === null) return salt !== null && equal(digest, digestHit(salt, content));
    this.#erased += 1;
    return salt === null && content.every((value) => value === null);
  }

  /** A gap before `seq` is none when the beginning was cut while we were reading. */
  async #skipTo(seq: number): Promise<void> {
    const [base] = await this.#database.all<Pick<Writer, 'base_seq' | 'base_hash'>>(
      'SELECT base_seq, base_hash FROM writers WHERE writer = ?',
      [this.#writer.writer],
    );
    if (base !== undefined && base.base_seq > this.#seq) {
      this.#seq = base.base_seq;
      this.#hash = base.base_hash;
    }
    if (this.#seq + 1 >= seq) return;
    this.#note('missing', this.#seq + 1, seq - 1);
    this.#seq = seq - 1;
    this.#hash = undefined;
  }

  /** Rows and their end are written together, so at no moment is there a row behind it. */
  async #checkEnd(): Promise<void> {
    const [end] = await this.#database.all<{ head: number; last: number | null }>(
      'SELECT head_seq AS head, (SELECT max(seq) FROM hits h WHERE h.writer = w.writer) AS last FROM writers w WHERE writer = ?',
      [this.#writer.writer],
    );
    if (end !== undefined && end.last !== null && end.last > end.head) this.#note('extra', end.head + 1, end.last);
  }

  #checkNoted(): void {
    const { base_seq, base_hash, head_seq } = this.#writer;
    if (this.#noted === undefined) return;
    if (this.#noted.seq > head_seq) this.#note('missing', head_seq + 1, this.#noted.seq);
    if (this.#noted.seq === base_seq && !equal(this.#noted.hash, base_hash)) this.#note('head', base_seq);
  }

  #note(kind: ChainProblem['kind'], seq: number, lastSeq = seq): void {
    this.#problems.push({ kind, seq, lastSeq });
  }
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
