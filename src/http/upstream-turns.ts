import { type ClientTurns, type EndTurn, OverloadedError, type Turns } from '../core/index.js';
import type { Cancellation } from './cancellation.js';

/** What an exchange waits for. */
export interface UpstreamTurnsOptions {
  /** Turns of all clients together; any number when left out. */
  readonly all?: Turns | undefined;
  /** Turns of each client; any number when left out. */
  readonly each?: ClientTurns | undefined;
}

/** An exchange that wants its turn. */
export interface WaitingExchange {
  /** Cancelled when the client goes. */
  readonly cancellation: Cancellation;
  /** Who the client is; asked only where that matters. */
  readonly client: () => string;
}

/** Turns at the backend: first among those of its client, so that who waits there takes no room in the queue of all. */
export class UpstreamTurns {
  readonly #all: Turns | undefined;
  readonly #each: ClientTurns | undefined;

  constructor({ all, each }: UpstreamTurnsOptions) {
    this.#all = all;
    this.#each = each;
  }

  /** Whether there is anything to wait for. */
  get bounded(): boolean {
    return this.#all !== undefined || this.#each !== undefined;
  }

  /**
   * Resolves once it is this exchange's turn.
   * @throws {OverloadedError} when too many wait.
   */
  async take({ cancellation, client }: WaitingExchange): Promise<EndTurn> {
    const { signal } = cancellation;
    const own = await this.#takeOwn(client, signal);
    try {
      const end = await this.#all?.take(signal);
      return () => {
        end?.();
        own?.();
      };
    } catch (error) {
      own?.();
      throw error;
    }
  }

  /** Lets go of what turns are counted with. Idempotent. */
  async close(): Promise<void> {
    await this.#all?.close();
    await this.#each?.close();
  }

  async #takeOwn(client: () => string, signal: AbortSignal): Promise<EndTurn | undefined> {
    try {
      return await this.#each?.take(client(), signal);
    } catch (error) {
      if (!(error instanceof OverloadedError)) throw error;
      throw new OverloadedError('Too many of your requests wait already; try again soon.', {
        status: 429,
        cause: error,
      });
    }
  }
}
