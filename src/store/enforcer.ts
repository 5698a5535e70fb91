import {
  type ActiveStep,
  type AlarmClock,
  type Enforcement,
  type EnforcementRules,
  type EnforcementStats,
  type Logger,
  messageOf,
  type Strike,
} from '../core/index.js';
import type { Database } from './database.js';
import { DropAlarm } from './drop-alarm.js';
import { EnforcementRepository } from './enforcement-repository.js';
import type { RecordedStep } from './enforcement-steps.js';
import { StoreFollower } from './store-follower.js';

/** What an enforcer works with. */
export interface EnforcerOptions {
  readonly database: Database;
  readonly clock: AlarmClock;
  readonly logger: Logger;
}

const CHANNEL = 'sluice_enforcement';
const RETRY_MS = 1_000;
/** How often everything is read anew: what was forgotten leaves no trace that could be followed. */
const REREAD_MS = 60_000;
/** Steps that may become visible after greater ones are read again. */
const REREAD_IDS = 100;
/** Strikes that may wait for a database that is down; beyond, the oldest are lost and told. */
const MAX_WAITING = 10_000;

/**
 * The steps against subjects in memory, in step with every process on the same database within two seconds, and the strikes of
 * this one on their way there. The request path never waits for the database.
 */
export class Enforcer implements Enforcement {
  readonly #options: EnforcerOptions;
  readonly #repository: EnforcementRepository;
  readonly #follower: StoreFollower;
  /** By subject, and there by the id of the step. */
  readonly #steps = new Map<string, Map<number, ActiveStep>>();
  /** Id of the restoration that a subject was last given, for as long as steps before it are read again. */
  readonly #restoredAt = new Map<string, number>();
  readonly #alarm: DropAlarm;
  readonly #waiting: { readonly strike: Strike; readonly rules: EnforcementRules }[] = [];
  /** Of the last step that was read; undefined before the first time. */
  #lastId: number | undefined;
  /** When everything was last read, in milliseconds since the Unix epoch. */
  #rereadMs = 0;
  #draining: Promise<void> | undefined;
  /** Ends the wait before strikes are written again: its alarm alone keeps no process alive. */
  #endWait: (() => void) | undefined;
  #closed = false;

  constructor(options: EnforcerOptions) {
    this.#options = options;
    this.#repository = new EnforcementRepository(options.database);
    this.#alarm = new DropAlarm({ ...options, what: 'strikes' });
    const { database, clock, logger } = options;
    this.#follower = new StoreFollower({
      database,
      clock,
      channel: CHANNEL,
      read: () => this.#read(),
      onFailure: (error, first) => {
        // Told once, not every second; what holds so far goes on to hold.
        if (first) logger.warn({ error: messageOf(error) }, 'steps against subjects not read');
      },
    });
  }

  stats(): EnforcementStats {
    return { waiting: this.#waiting.length, lost: this.#alarm.dropped, healthy: this.#follower.healthy };
  }

  /** Reads the steps that hold, and follows them from then on; those of a database that is down once it is back. Idempotent. */
  start(): Promise<void> {
    return this.#follower.start();
  }

  stepsOf(subject: string): readonly ActiveStep[] {
    const steps = this.#steps.get(subject);
    if (steps === undefined) return [];
    const now = this.#options.clock.now();
    return [...steps.values()].filter(({ untilMs }) => untilMs === undefined || untilMs > now);
  }

  strike(strike: Strike, rules: EnforcementRules): void {
    if (this.#closed) return;
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift();
      this.#alarm.count(1, 'too many wait for the database');
    }
    this.#waiting.push({ strike, rules });
    this.#draining ??= this.#drain();
  }

  /** Reads what other processes have done since the last time. Rejects with `StoreError` when that cannot be had now. */
  refresh(): Promise<void> {
    return this.#follower.refresh();
  }

  /** Writes the strikes that wait, if the database takes them now, and stops to follow. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#follower.stop();
    this.#endWait?.();
    await this.#draining;
    const left = this.#waiting.splice(0).length;
    if (left > 0) this.#alarm.count(left, 'closed before they could be written');
    await this.#follower.close();
  }

  async #read(): Promise<void> {
    const now = this.#options.clock.now();
    const isDue = now < this.#rereadMs || now - this.#rereadMs >= REREAD_MS;
    const from = this.#lastId === undefined || isDue ? undefined : Math.max(0, this.#lastId - REREAD_IDS);
    if (from === undefined) {
      const { steps, lastId } = await this.#repository.heldSteps(now);
      this.#lastId = lastId;
      this.#rereadMs = now;
      this.#steps.clear();
      this.#restoredAt.clear();
      for (const step of steps) this.#apply(step);
    } else for (const step of await this.#repository.stepsSince(from, now)) this.#apply(step);
    const reread = (this.#lastId ?? 0) - REREAD_IDS;
    for (const [subject, id] of this.#restoredAt) if (id <= reread) this.#restoredAt.delete(subject);
    for (const [subject, held] of this.#steps) {
      for (const [id, { untilMs }] of held) if (untilMs !== undefined && untilMs <= now) held.delete(id);
      if (held.size === 0) this.#steps.delete(subject);
    }
  }

  #apply({ id, subject, step, untilMs, paths, strikes }: RecordedStep): void {
    this.#lastId = Math.max(this.#lastId ?? 0, id);
    if (id <= (this.#restoredAt.get(subject) ?? 0)) return;
    const held = this.#steps.get(subject) ?? new Map<number, ActiveStep>();
    if (step === 'restore') {
      this.#restoredAt.set(subject, id);
      for (const other of held.keys()) if (other < id) held.delete(other);
    } else held.set(id, { step, untilMs: untilMs ?? undefined, paths, strikes });
    if (held.size > 0) this.#steps.set(subject, held);
    else this.#steps.delete(subject);
  }

  async #drain(): Promise<void> {
    // What runs in the same turn as its last look at an empty queue must start it again.
    try {
      await this.#writeWaiting();
    } finally {
      this.#draining = undefined;
    }
  }

  async #writeWaiting(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      try {
        const taken = await this.#repository.strike(next.strike, next.rules);
        if (this.#waiting[0] === next) this.#waiting.shift();
        if (taken > 0) {
          await this.refresh();
          await this.#options.database.notify(CHANNEL, next.strike.subject);
        }
      } catch (error) {
        this.#options.logger.warn({ error: messageOf(error) }, 'strike not written; trying again');
        if (this.#closed) return;
        await new Promise<void>((resolve) => {
          this.#endWait = resolve;
          this.#options.clock.after(RETRY_MS, resolve);
        });
        if (this.#closed) return;
      }
    }
  }
}
