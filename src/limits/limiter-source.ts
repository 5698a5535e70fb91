import type { RedisLink } from './redis-link.js';
import { type LimiterTiming, SharedLimiters } from './shared-limiters.js';

const RETRY_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** The limiters in Redis while it is there: anew after every loss. */
export class LimiterSource {
  readonly #link: RedisLink;
  readonly #timing: LimiterTiming;
  #current: SharedLimiters | undefined;
  /** Those before it, in which something may still run. */
  #earlier: readonly SharedLimiters[] = [];
  #opening: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #closing = new AbortController();

  constructor(link: RedisLink, timing: LimiterTiming) {
    this.#link = link;
    this.#timing = timing;
    link.on('ready', () => this.#open());
    this.#open();
  }

  /** Undefined while Redis is away. */
  get current(): SharedLimiters | undefined {
    return this.#current;
  }

  /** Lets go of Redis. Idempotent. */
  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
    for (const limiters of [...this.#earlier, this.#current]) limiters?.close();
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  #open(): void {
    const { client } = this.#link;
    if (this.#closed || this.#current !== undefined || client.status !== 'ready') return;
    this.#opening ??= this.#tryToOpen().finally(() => {
      this.#opening = undefined;
    });
  }

  async #tryToOpen(): Promise<void> {
    try {
      const patience = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]);
      const onRetired = (): void => {
        this.#earlier = [...this.#earlier, opened].filter(({ over }) => !over);
        this.#current = undefined;
        this.#openLater();
      };
      const opened: SharedLimiters = await SharedLimiters.open({
        link: this.#link,
        timing: this.#timing,
        patience,
        onRetired,
      });
      this.#current = opened;
      if (this.#closed) opened.close();
    } catch {
      this.#openLater();
    }
  }

  /** A connection that is lost is told to the link; a script that fails is not. */
  #openLater(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), RETRY_MS).unref();
  }
}
