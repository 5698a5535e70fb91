import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, messageOf, StoreError } from '../core/index.js';
import type { HitBatch, HitSink, HitTarget } from './hit-repository.js';
import type { SpoolFile, SpoolFolder } from './spool-folder.js';

/** What a spooling sink needs. */
export interface SpoolingSinkOptions {
  readonly database: HitTarget;
  /** Without one a batch that the database does not take is refused. */
  readonly spool: SpoolFolder | undefined;
  /** A write that takes longer goes to the spool, in milliseconds. */
  readonly writeTimeoutMs: number;
  readonly logger: Logger;
}

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** How long a close waits for the database to take what was spooled; what is left waits for the next start. */
const CLOSE_DRAIN_MS = 2_000;
/** So much goes to the database while everything new waits: about a thousand hits, some tens of milliseconds. */
const HANDOVER_BYTES = 512 * 1024;
const MERGED_ROWS = 1_000;

/**
 * Puts batches into the database, or on disk while it is down or slow, from where they follow in order once it is back. A batch
 * that reached it twice, because nobody could tell whether it had, is there once.
 */
export class SpoolingSink implements HitSink {
  readonly #options: SpoolingSinkOptions;
  /** Runs while anything is in the spool; everything new goes there too then, behind it. */
  #draining: Promise<void> | undefined;
  /** Runs while the last of the spool goes to the database; everything new waits for that. */
  #handover: Promise<void> | undefined;
  readonly #closing = new AbortController();
  /** Ends of writers that the database has to be told of after their last batch. */
  readonly #ends = new Map<string, number>();

  constructor(options: SpoolingSinkOptions) {
    this.#options = options;
  }

  get spooledBytes(): number {
    return this.#options.spool?.bytes ?? 0;
  }

  get spooling(): boolean {
    return this.#draining !== undefined;
  }

  /** Takes over what processes that are gone left behind. */
  async recover(): Promise<void> {
    const { spool, logger } = this.#options;
    const files = (await spool?.adopt()) ?? 0;
    if (files === 0) return;
    logger.warn({ files, bytes: this.spooledBytes }, 'the spool holds what an earlier process could not write');
    this.#drainAfter(0);
  }

  async append(batch: HitBatch): Promise<void> {
    const { database, spool, writeTimeoutMs, logger } = this.#options;
    if (spool === undefined) return database.append(batch);
    while (this.#handover !== undefined) await this.#handover;
    if (this.#draining !== undefined) return spool.append(batch);
    try {
      await withTimeout(database.append(batch), writeTimeoutMs);
    } catch (error) {
      await spool.append(batch).catch((cause: unknown) => {
        throw new StoreError(`${messageOf(error)}; ${messageOf(cause)}`, { cause });
      });
      logger.error({ error: messageOf(error) }, 'store write failed; hits go to the spool until it is back');
      this.#drainAfter(MIN_RETRY_MS);
    }
  }

  async closeWriter(writer: string, timeMs: number): Promise<void> {
    if (this.#draining !== undefined) this.#ends.set(writer, timeMs);
    else await withTimeout(this.#options.database.closeWriter(writer, timeMs), this.#options.writeTimeoutMs);
  }

  /** Lets what was spooled reach the database if that is quick, then lets go of the files. Nothing in them is lost. */
  async close(): Promise<void> {
    const { spool, logger } = this.#options;
    if (this.#draining !== undefined) {
      const enough = new AbortController();
      const late = delay(CLOSE_DRAIN_MS, undefined, { signal: enough.signal }).catch(() => undefined);
      await Promise.race([this.#draining, late]);
      enough.abort();
      this.#closing.abort();
      await this.#draining;
    }
    if (this.spooledBytes > 0) {
      logger.error({ bytes: this.spooledBytes }, 'the spool keeps what the store did not take; the next start goes on');
    }
    await spool?.close();
  }

  #drainAfter(waitMs: number): void {
    const { spool } = this.#options;
    if (spool === undefined) return;
    this.#draining ??= this.#drain(spool, waitMs);
  }

  /** Tries until the spool is empty. Never rejects. */
  async #drain(spool: SpoolFolder, firstWaitMs: number): Promise<void> {
    const { logger } = this.#options;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(Math.max(waitMs, MIN_RETRY_MS) * 2, MAX_RETRY_MS)) {
      await delay(waitMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
      if (this.#closing.signal.aborted) return;
      try {
        await this.#drainDownTo(spool, HANDOVER_BYTES);
        const last = this.#handOver(spool);
        this.#handover = last
          .catch(() => undefined)
          .finally(() => {
            this.#handover = undefined;
          });
        await last;
        logger.info({}, 'the store has taken everything that was spooled');
        return;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        logger.warn({ error: messageOf(error), bytes: this.spooledBytes }, 'the spool cannot be drained yet');
      }
    }
  }

  /** Under load something new would always be behind the last of the spool; so for the moment that it takes, it waits. */
  async #handOver(spool: SpoolFolder): Promise<void> {
    await this.#drainDownTo(spool, 0);
    for (const [writer, timeMs] of this.#ends) await this.#options.database.closeWriter(writer, timeMs);
    this.#ends.clear();
    this.#draining = undefined;
  }

  async #tellDamage(spool: SpoolFolder, file: SpoolFile): Promise<void> {
    const path = await spool.setAside(file);
    this.#options.logger.error({ path }, 'a file of the spool was damaged; hits in it are lost, and the file is kept');
  }

  async #drainDownTo(spool: SpoolFolder, bytes: number): Promise<void> {
    const { database, writeTimeoutMs } = this.#options;
    while (spool.bytes > bytes) {
      const file = await spool.oldest();
      if (file === undefined) return;
      const { batches, isDamaged } = await spool.read(file);
      for (const batch of merged(batches)) {
        if (this.#closing.signal.aborted) throw new StoreError('The store is being closed');
        await withTimeout(database.append(batch), writeTimeoutMs);
        // Before the file goes: should this break off, all of it is done again.
        await withTimeout(database.eraseLate(batch), writeTimeoutMs);
      }
      if (isDamaged) await this.#tellDamage(spool, file);
      else await spool.remove(file);
    }
  }
}

/** Joins consecutive batches of one writer up to a size that one transaction takes at once. */
function* merged(batches: readonly HitBatch[]): Generator<HitBatch> {
  let joined: HitBatch | undefined;
  for (const batch of batches) {
    const fits = joined?.by.writer === batch.by.writer && joined.hits.length + batch.hits.length <= MERGED_ROWS;
    if (joined !== undefined && fits) {
      const evidence = [...(joined.evidence ?? []), ...(batch.evidence ?? [])];
      joined = { ...batch, hits: [...joined.hits, ...batch.hits], evidence };
    } else {
      if (joined !== undefined) yield joined;
      joined = batch;
    }
  }
  if (joined !== undefined) yield joined;
}

/** The work goes on: what it does in the end does no harm. */
async function withTimeout(work: Promise<void>, timeoutMs: number): Promise<void> {
  const timer = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new StoreError(`The store did not answer within ${timeoutMs} ms`);
  });
  work.catch(() => undefined);
  late.catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
