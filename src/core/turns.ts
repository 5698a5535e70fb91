import type { ClientLimiter, ClientRule } from './client-limiter.js';

/** How many may have their turn, and how many may wait for one. */
export interface TurnBounds {
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  /** Turns that begin per second, evenly spaced; any number when left out. */
  readonly maxPerSecond?: number | undefined;
}

/** Ends a turn. Idempotent. */
export type EndTurn = () => void;

/** Hands out turns in order of arrival. */
export interface Turns {
  /** Requests of this process that wait for a turn. */
  readonly waiting: number;
  /**
   * Takes a turn: at once where one is free, else it resolves once it is this request's turn.
   *
   * Rejects with `OverloadedError` when too many wait already, and with the reason of `signal` once that aborts before the turn.
   */
  take(signal: AbortSignal): EndTurn | Promise<EndTurn>;
  /** Lets go of what turns are counted with; those that are taken go on. Idempotent. */
  close(): Promise<void>;
}

/** Turns of each client apart from those of the others. */
export interface ClientTurns {
  /** Takes a turn of a client, as `Turns.take`. */
  take(client: string, signal: AbortSignal): EndTurn | Promise<EndTurn>;
  /** Lets go of what turns are counted with; those that are taken go on. Idempotent. */
  close(): Promise<void>;
}

/** Where limits are counted: in this process, or for several processes together. */
export interface LimitSource {
  clientLimiter(rule: ClientRule): ClientLimiter;
  /** Turns at something that has this name; the same for every process. */
  turns(name: string, bounds: TurnBounds): Turns;
  /** The same, with bounds for each client. */
  clientTurns(name: string, bounds: TurnBounds): ClientTurns;
}
