import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Clock,
  type HitEntry,
  type Logger,
  messageOf,
  type Store,
  StoreError,
  type StoreStats,
} from '../core/index.js';
import { CommitWaiters } from './commit-waiters.js';
import { DropAlarm } from './drop-alarm.js';
import { type EvidenceKeys, type SealedEvidence, sealEvidence } from './evidence/index.js';
import { chainKeyId, HitChain, type SealedHit } from './hit-chain.js';
import { hitContents, isStorable } from './hit-content.js';
import type { HitBatch, HitSink, HitWriter } from './hit-repository.js';
import { listHits } from './list-hits.js';

/** How entries become durable. */
export interface HitLogTuning {
  /** Entries per transaction; as soon as so many wait, they are written. */
  readonly batchSize: number;
  /** Longest time in milliseconds an entry waits for its batch to fill; `durability: request` does not wait. */
  readonly batchMs: number;
  /** Entries that may wait in memory. */
  readonly maxQueued: number;
  /** `request`: responses wait until their entries are durable. */
  readonly durability: 'batch' | 'request';
  /** Longest such wait in milliseconds. */
  readonly commitTimeoutMs: number;
  /** When there is no room: the oldest entries are dropped and counted, or requests are refused. */
  readonly overflow: 'drop-oldest' | 'block-traffic';
}

/** What the hit log needs. */
export interface HitLogOptions extends HitLogTuning {
  readonly sink: HitSink;
  /** Name of the chain, as `newWriter` makes one; never that of another log. */
  readonly writer: string;
  /** Makes the chain one that nobody without it can forge. */
  readonly chainKey?: Uint8Array | undefined;
  /** Encrypts the texts that entries bring; without them no text is kept. */
  readonly evidenceKeys?: EvidenceKeys | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A batch on its way: sealed once, however often it is written. */
interface Pending extends HitBatch {
  /** Entries accepted before the first one of the batch. */
  readonly position: number;
  readonly entries: number;
}

const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 5_000;
/** With `block-traffic` requests that were let in before may still bring entries, up to this factor of the queue; then they fail. */
const HARD_LIMIT = 2;
/** Rows from which a batch takes no further entry: a transaction must not hold up everything else. */
const BATCH_ROWS = 1_000;

/** Seals entries into the chain of this process and writes them in batches, off the path of the requests. */
export class HitLog implements Store {
  readonly #options: HitLogOptions;
  readonly #by: HitWriter;
  readonly #chain: HitChain;
  readonly #alarm: DropAlarm;
  readonly #queue: HitEntry[] = [];
  /** The batch that is written, and the one behind it if that is full: sealed while the database has the first. */
  readonly #pending: Pending[] = [];
  #accepted = 0;
  #written = 0;
  #errors = 0;
  #failuresInRow = 0;
  #lastError: unknown;
  readonly #waiters = new CommitWaiters();
  #timer: NodeJS.Timeout | undefined;
  #timerIsUrgent = false;
  #writing: Promise<boolean> | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;

  constructor(options: HitLogOptions) {
    this.#options = options;
    const { writer, chainKey, clock, logger } = options;
    this.#by = { writer, keyId: chainKeyId(chainKey), startedMs: Math.trunc(clock.now()) };
    this.#chain = new HitChain(writer, chainKey);
    this.#alarm = new DropAlarm({ clock, logger, what: 'entries' });
  }

  record(entry: HitEntry): boolean {
    if (isUneventful(entry)) return true;
    const { maxQueued, overflow } = this.#options;
    const blocks = overflow === 'block-traffic';
    if (this.#closing !== undefined || !isStorable(entry)) {
      this.#alarm.count(1, this.#closing === undefined ? 'entry cannot be stored' : 'store closed');
      return !blocks;
    }
    if (this.#queue.length >= (blocks ? maxQueued * HARD_LIMIT : maxQueued)) {
      this.#alarm.count(1, 'queue full');
      // Whoever brought the newest one can still be told that it is lost.
      if (blocks) return false;
      this.#queue.shift();
      this.#waiters.wake(this.#settled);
    }
    const hits = listHits(entry.hits);
    // The hits that are not listed would take memory for as long as the entry waits.
    this.#queue.push(hits === entry.hits ? entry : { ...entry, hits });
    this.#accepted += 1;
    this.#schedule();
    return true;
  }

  durable(): Promise<void> | undefined {
    const { durability } = this.#options;
    const target = this.#accepted;
    if (durability === 'batch' || this.#settled >= target) return undefined;
    return this.#wait(target).then(() => undefined);
  }

  room(): Promise<boolean> | undefined {
    const { maxQueued } = this.#options;
    const target = this.#accepted - Math.floor(maxQueued / 2);
    return this.#settled >= target ? undefined : this.#wait(target);
  }

  accepts(): boolean {
    return this.#options.overflow === 'drop-oldest' || this.#queue.length < this.#options.maxQueued;
  }

  async flush(): Promise<void> {
    const target = this.#accepted;
    while (this.#settled < target) {
      if (!(await this.#writeBatch())) {
        throw new StoreError(`${messageOf(this.#lastError)}; ${this.#waiting} entries wait`, {
          cause: this.#lastError,
        });
      }
      // Between batches the requests get their turn.
      if (this.#settled < target) await nextTurn();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#flushAndClose();
    return this.#closing;
  }

  stats(): StoreStats {
    return {
      queued: this.#closed ? 0 : this.#waiting,
      written: this.#written,
      dropped: this.#alarm.dropped,
      errors: this.#errors,
      spooledBytes: this.#options.sink.spooledBytes,
      healthy: this.#failuresInRow === 0 && this.#closing === undefined && !this.#options.sink.spooling,
    };
  }

  async #wait(target: number): Promise<boolean> {
    const { commitTimeoutMs, overflow } = this.#options;
    if (await this.#waiters.wait(target, commitTimeoutMs)) return true;
    if (overflow === 'drop-oldest') return false;
    throw new StoreError('The record could not be written in time.', { cause: this.#lastError });
  }

  get #waiting(): number {
    return this.#pending.reduce((sum, { entries }) => sum + entries, this.#queue.length);
  }

  /** So many of the accepted entries, the oldest ones, are written or dropped. */
  get #settled(): number {
    return this.#pending[0]?.position ?? this.#accepted - this.#queue.length;
  }

  async #flushAndClose(): Promise<void> {
    try {
      await this.flush();
      await this.#tellEnd();
    } finally {
      this.#closed = true;
      clearTimeout(this.#timer);
      // Only after a failed flush is anything left. It stays unsettled, so that nobody who waits takes it for written.
      if (this.#waiting > 0) this.#alarm.count(this.#waiting, 'store closed before they could be written');
      await this.#options.sink.close();
    }
  }

  /** That a writer ended is worth knowing, but without it nothing is lost. */
  async #tellEnd(): Promise<void> {
    const { sink, clock, logger } = this.#options;
    try {
      await sink.closeWriter(this.#by.writer, Math.trunc(clock.now()));
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'the store does not know that this writer ended');
    }
  }

  /** Keeps one timer: at once for a full batch, after `batchMs` for a partial one, later and later while writes fail. */
  #schedule(): void {
    if (this.#waiting === 0 || this.#closed || this.#writing !== undefined) return;
    const { batchSize, batchMs, durability } = this.#options;
    const failing = this.#failuresInRow > 0;
    const urgent = !failing && (durability === 'request' || this.#queue.length >= batchSize);
    if (this.#timer !== undefined && (this.#timerIsUrgent || !urgent)) return;
    clearTimeout(this.#timer);
    const retryMs = Math.min(MIN_RETRY_MS * 2 ** Math.min(this.#failuresInRow, 20), MAX_RETRY_MS);
    const delayMs = urgent ? 0 : failing ? Math.max(batchMs, retryMs) : batchMs;
    this.#timer = setTimeout(() => void this.#writeBatch(), delayMs).unref();
    this.#timerIsUrgent = urgent;
  }

  /** Writes the oldest batch, or waits for the one that is being written; false when it has to be tried again. Never rejects. */
  #writeBatch(): Promise<boolean> {
    // A timer set for entries that are written now would cut the next batch short.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed) return Promise.resolve(false);
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      this.#schedule();
    });
    return this.#writing;
  }

  async #write(): Promise<boolean> {
    const batch = this.#pending[0] ?? this.#seal();
    try {
      const appended = this.#options.sink.append(batch);
      if (this.#pending.length === 1 && this.#queue.length >= this.#options.batchSize) this.#seal();
      await appended;
    } catch (error) {
      this.#handleFailure(error);
      return false;
    }
    this.#pending.shift();
    this.#written += batch.entries;
    if (this.#failuresInRow > 0) this.#options.logger.info({ queued: this.#waiting }, 'store writes again');
    this.#failuresInRow = 0;
    this.#waiters.wake(this.#settled);
    return true;
  }

  /** Takes the oldest entries off the queue, gives their rows their places in the chain, and puts them behind what is pending. */
  #seal(): Pending {
    const position = this.#accepted - this.#queue.length;
    const { batchSize, evidenceKeys } = this.#options;
    const hits: SealedHit[] = [];
    const evidence: SealedEvidence[] = [];
    let entries = 0;
    for (const entry of this.#queue) {
      if (entries === batchSize || hits.length >= BATCH_ROWS) break;
      const sealed = hitContents(entry).map((content) => this.#chain.seal(content));
      hits.push(...sealed);
      if (evidenceKeys !== undefined) evidence.push(...sealEvidence(evidenceKeys, entry, sealed));
      entries += 1;
    }
    this.#queue.splice(0, entries);
    const { head } = this.#chain;
    const lost = this.#alarm.dropped;
    const batch = { by: this.#by, hits, ...(evidence.length === 0 ? {} : { evidence }), head, lost, position, entries };
    this.#pending.push(batch);
    return batch;
  }

  #handleFailure(error: unknown): void {
    this.#errors += 1;
    this.#lastError = error;
    this.#failuresInRow += 1;
    if (this.#failuresInRow === 1) {
      this.#options.logger.error(
        { error: messageOf(error), queued: this.#waiting },
        'store write failed; entries stay queued and are retried',
      );
    }
  }
}

/** Screened, nothing found, nothing done: the record is of hits, not of traffic. A block without hits (failed detector) is kept. */
function isUneventful(entry: HitEntry): boolean {
  return entry.hits.length === 0 && entry.outcome === 'screened' && entry.action === 'allow';
}
