import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startBackend } from './backend.js';
import { Load, type Tally } from './load.js';
import { PostgresServer } from './postgres-server.js';
import { RedisServer } from './redis-server.js';
import { Replica, type ReplicaOptions } from './replica.js';

/** A line of the table: what was done, what was seen, and whether that is as it has to be. */
export interface Finding {
  readonly scene: string;
  readonly done: string;
  readonly seen: string;
  /** What is not as it has to be; empty when all is. */
  readonly problems: readonly string[];
}

const CLIENTS = 8;
/** Requests of one client within the time; far above what a client of the load makes. */
const MAX_REQUESTS = 20;
const SETTLE_MS = 120_000;
const POLL_MS = 100;

/** PostgreSQL, Redis, a backend, replicas and clients, all of their own, on loopback. */
export class World {
  readonly folder: string;
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly maxRequests = MAX_REQUESTS;
  readonly #backend: { readonly url: string; readonly server: Server };
  replicas: readonly Replica[] = [];
  #load: Load | undefined;
  /** Answered hits of loads that have ended. */
  readonly #acknowledged = new Set<string>();

  private constructor(parts: Pick<World, 'folder' | 'postgres' | 'redis'>, backend: { url: string; server: Server }) {
    this.folder = parts.folder;
    this.postgres = parts.postgres;
    this.redis = parts.redis;
    this.#backend = backend;
  }

  /** Starts the servers; no replica yet. */
  static async create(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-chaos-'));
    // The user that PostgreSQL runs as has to get to its data.
    mkdirSync(join(folder, 'servers'));
    chmodSync(folder, 0o755);
    const postgres = await PostgresServer.create(join(folder, 'servers'));
    const redis = await RedisServer.create(join(folder, 'servers'));
    const world = new World({ folder, postgres, redis }, await startBackend());
    await postgres.start();
    await redis.start();
    return world;
  }

  /** Starts two replicas and the load on them. */
  async startReplicas(hitLog: readonly ReplicaOptions['hitLog'][]): Promise<void> {
    const { folder, postgres, redis, maxRequests } = this;
    const common = { folder, upstream: this.#backend.url, store: postgres.url, redis: redis.url, maxRequests };
    const started: Replica[] = [];
    for (const [index, each] of hitLog.entries()) {
      started.push(await Replica.start({ ...common, name: `replica-${index + 1}`, hitLog: each }));
    }
    this.replicas = started;
    this.#load = new Load(
      started.map(({ url }) => url),
      CLIENTS,
    );
  }

  /** Ends the load, then the replicas; resolves to their exit codes. */
  async stopReplicas(): Promise<(number | null)[]> {
    await this.#load?.stop();
    for (const id of this.#load?.acknowledged ?? []) this.#acknowledged.add(id);
    this.#load = undefined;
    return Promise.all(this.replicas.map((replica) => replica.stop('SIGTERM')));
  }

  get load(): Load {
    if (this.#load === undefined) throw new Error('there is no load');
    return this.#load;
  }

  /** Every request so far whose answer told of a hit. */
  get acknowledged(): Set<string> {
    return new Set([...this.#acknowledged, ...(this.#load?.acknowledged ?? [])]);
  }

  /** Waits until a condition holds; resolves to whether it did in time. */
  async until(condition: () => boolean | Promise<boolean>, timeoutMs = SETTLE_MS): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    while (!(await condition())) {
      if (Date.now() > deadline) return false;
      await delay(POLL_MS);
    }
    return true;
  }

  /** What the replicas say of their health. */
  health(): Promise<string[]> {
    return Promise.all(this.replicas.map((replica) => replica.health()));
  }

  /** The sum of a gauge over the replicas. */
  async sum(metric: string): Promise<number> {
    const values = await Promise.all(this.replicas.map((replica) => replica.metric(metric)));
    return values.reduce((sum, value) => sum + value, 0);
  }

  /** Waits until what was spooled is drained; resolves to how many acknowledged hits are not in the database then. */
  async missing(): Promise<{ readonly healthy: boolean; readonly missing: number; readonly acknowledged: number }> {
    const { acknowledged } = this;
    const healthy = await this.until(async () => {
      const health = await this.health();
      return health.every((status) => status === 'ok') && (await this.sum('sluice_store_queued')) === 0;
    });
    const rows = await this.postgres.query<{ request_id: string }>('SELECT DISTINCT request_id FROM hits');
    const recorded = new Set(rows.map((row) => row.request_id));
    const missing = [...acknowledged].filter((id) => !recorded.has(id)).length;
    return { healthy, missing, acknowledged: acknowledged.size };
  }

  /** Ends everything that was started, then calls `release`, and removes what was written. */
  async close(release: () => void): Promise<void> {
    await Promise.all([...this.replicas.map((each) => each.stop('SIGKILL')), this.postgres.kill(), this.redis.kill()]);
    this.#backend.server.closeAllConnections();
    this.#backend.server.close();
    release();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A tally in words. */
export function tell({ hits, harmless, refused, failed, cut, slowestMs }: Readonly<Tally>): string {
  const parts = [`${hits} hits and ${harmless} harmless answers`];
  if (refused > 0) parts.push(`${refused} refused`);
  if (failed > 0) parts.push(`${failed} without an answer`);
  if (cut > 0) parts.push(`${cut} streams cut`);
  return `${parts.join(', ')}, slowest ${slowestMs} ms`;
}
