import type { Config } from '../config/index.js';
import type { Logger } from '../core/index.js';
import { Upstream } from './upstream.js';

interface Generation {
  readonly key: string;
  readonly upstream: Upstream;
  users: number;
}

/** A backend for one exchange. */
export interface AcquiredUpstream {
  readonly upstream: Upstream;
  /** Tells that the exchange is over; call it once. */
  readonly release: () => void;
}

/** The backend of the config in use. What began on an earlier one ends there, also when it has not called it yet. */
export class LiveUpstream {
  readonly #fallbackUrl: string;
  readonly #logger: Logger;
  #current: Generation | undefined;
  readonly #retired = new Set<Generation>();

  /** @param fallbackUrl backend while the config names none */
  constructor(fallbackUrl: string, logger: Logger) {
    this.#fallbackUrl = fallbackUrl;
    this.#logger = logger;
  }

  /** Returns the backend that a config asks for; connections are kept as long as nothing about them changes. */
  acquire({ upstream: url = this.#fallbackUrl, limits }: Pick<Config, 'upstream' | 'limits'>): AcquiredUpstream {
    const key = JSON.stringify([url, limits]);
    if (this.#current?.key !== key) {
      const replaced = this.#current;
      this.#current = { key, upstream: new Upstream(url, limits), users: 0 };
      if (replaced !== undefined) this.#retired.add(replaced);
      if (replaced?.users === 0) this.#close(replaced);
    }
    const generation = this.#current;
    generation.users += 1;
    const release = (): void => {
      generation.users -= 1;
      if (generation.users === 0 && this.#retired.has(generation)) this.#close(generation);
    };
    return { upstream: generation.upstream, release };
  }

  /** Cuts every connection. */
  async destroy(): Promise<void> {
    const all = [...this.#retired, ...(this.#current === undefined ? [] : [this.#current])];
    await Promise.all(all.map(({ upstream }) => upstream.destroy()));
  }

  #close(generation: Generation): void {
    this.#retired.delete(generation);
    generation.upstream.close().catch(() => {
      this.#logger.warn({ code: 'ERR_SLUICE_UPSTREAM' }, 'old connections not closed');
    });
  }
}
