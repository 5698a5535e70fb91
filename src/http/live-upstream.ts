import type { Config } from '../config/index.js';
import type { LimitSource, Logger } from '../core/index.js';
import { OWN_LIMITS } from '../limits/index.js';
import { Upstream } from './upstream.js';
import { UpstreamTurns } from './upstream-turns.js';

interface Generation {
  /** The last config that asked for it. */
  config: UpstreamSource['config'];
  readonly key: string;
  readonly upstream: Upstream;
  users: number;
}

/** What a backend is made of. */
export interface UpstreamSource {
  readonly config: Pick<Config, 'upstream' | 'limits' | 'redis'>;
  /** Where turns at the backend are counted; in this process when left out. */
  readonly limits?: LimitSource | undefined;
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
  acquire(source: UpstreamSource): AcquiredUpstream {
    const generation = this.#generationOf(source);
    generation.users += 1;
    const release = (): void => {
      generation.users -= 1;
      if (generation.users === 0 && this.#retired.has(generation)) this.#close(generation);
    };
    return { upstream: generation.upstream, release };
  }

  #generationOf({ config, limits: source = OWN_LIMITS }: UpstreamSource): Generation {
    const replaced = this.#current;
    // Most requests come on the config of the one before.
    if (replaced?.config === config) return replaced;
    const { upstream: url = this.#fallbackUrl, limits, redis } = config;
    const key = JSON.stringify([url, limits, redis]);
    if (replaced?.key === key) {
      replaced.config = config;
      return replaced;
    }
    const { upstream: all, upstreamPerClient: each } = limits;
    const turns = new UpstreamTurns({
      all: all && source.turns(`upstream ${url}`, all),
      each: each && source.clientTurns(`client of upstream ${url}`, each),
    });
    this.#current = { config, key, upstream: new Upstream(url, limits, turns), users: 0 };
    if (replaced !== undefined) this.#retired.add(replaced);
    if (replaced?.users === 0) this.#close(replaced);
    return this.#current;
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
