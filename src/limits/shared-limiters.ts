import { createHash } from 'node:crypto';
import Bottleneck from 'bottleneck';
import type { Redis } from 'ioredis';
import type { TurnBounds } from '../core/index.js';
import { BottleneckTurns } from './bottleneck-turns.js';
import type { RedisLink } from './redis-link.js';

/** How processes tell each other that they live. */
export interface LimiterTiming {
  /** Time between two signs of life of a process, in milliseconds. */
  readonly heartbeatMs: number;
  /** A process that has not been seen for so long is gone, in milliseconds. */
  readonly goneAfterMs: number;
}

/** What a process that died had taken is free after 25 s; one that stands still for 20 s is taken for dead. */
export const LIMITER_TIMING: LimiterTiming = { heartbeatMs: 5_000, goneAfterMs: 20_000 };

/** What nobody uses any more stays in Redis for so long. */
const KEYS_LIVE_MS = 120_000;
/** A limiter that nobody has used for so long is let go. */
const IDLE_MS = 30_000;

/** What Bottleneck keeps of a limiter, in the order in which its scripts take the keys. */
const KEY_ENDINGS = [
  'settings',
  'job_weights',
  'job_expirations',
  'job_clients',
  'client_running',
  'client_num_queued',
  'client_last_registered',
  'client_last_seen',
];

/**
 * What Bottleneck 2.19 leaves undone. The jobs of a process that died stay counted for ever, so they are given a time that is over;
 * the next heartbeat of any process frees them. And keys go when nothing was begun for a while, also under jobs that still run.
 */
const KEEP_SCRIPT = `
local dead = {}
for _, client in ipairs(redis.call('zrangebyscore', KEYS[8], '-inf', ARGV[1])) do dead[client] = true end
if next(dead) ~= nil then
  local jobs = redis.call('hgetall', KEYS[4])
  for i = 1, #jobs, 2 do
    if dead[jobs[i + 1]] then redis.call('zadd', KEYS[3], 0, jobs[i]) end
  end
end
for i = 1, #KEYS do
  if redis.call('pttl', KEYS[i]) > 0 then redis.call('pexpire', KEYS[i], ARGV[2]) end
end
`;

/** What limiters in Redis are made of. */
export interface SharedLimitersOptions {
  readonly link: RedisLink;
  readonly timing: LimiterTiming;
  /** Fires when it takes too long to connect, or nobody wants that any more. */
  readonly patience: AbortSignal;
  /** Called once nothing more may begin here, because Redis is gone or a script has failed. */
  readonly onRetired: () => void;
}

/** The limiters of this process in Redis, from one loss of the connection to the next. */
export class SharedLimiters {
  readonly #options: SharedLimitersOptions;
  readonly #client: Redis;
  readonly #connection: Bottleneck.IORedisConnection;
  readonly #limiters = new Map<string, BottleneckTurns>();
  readonly #keeper: NodeJS.Timeout;
  #retired = false;
  #over = false;

  private constructor(options: SharedLimitersOptions, client: Redis, connection: Bottleneck.IORedisConnection) {
    this.#options = options;
    this.#client = client;
    this.#connection = connection;
    this.#keeper = setInterval(() => void this.#keep(), options.timing.heartbeatMs).unref();
  }

  /** Connects. Rejects when Redis cannot be reached now. */
  static async open(options: SharedLimitersOptions): Promise<SharedLimiters> {
    const client = forgiving(options.link.connect());
    const connection = new Bottleneck.IORedisConnection({ client });
    client.on('error', () => undefined);
    try {
      // Declared as a function, and a promise nevertheless.
      const connected = connection.ready as unknown as Promise<{ readonly subscriber: Redis }>;
      const { subscriber } = await unlessAborted(connected, options.patience);
      const opened = new SharedLimiters(options, client, connection);
      for (const each of [client, subscriber]) each.on('close', () => opened.retire());
      return opened;
    } catch (error) {
      await connection.disconnect(false);
      throw error;
    }
  }

  /** Whether nothing runs here any more, and nothing will. */
  get over(): boolean {
    return this.#over;
  }

  /** The turns of this name, for all processes that give them the same bounds. */
  turns(name: string, bounds: TurnBounds): BottleneckTurns {
    const { maxConcurrent, maxQueued, maxPerSecond } = bounds;
    const { link, timing } = this.#options;
    // Also of the bounds: Bottleneck would go on with those of whoever came first.
    const key = hashOf(JSON.stringify([name, maxConcurrent, maxQueued, maxPerSecond]));
    const id = `${link.prefix}turns:${key}`;
    const known = this.#limiters.get(id);
    if (known !== undefined) return known;
    const limiter = new Bottleneck({
      id,
      connection: this.#connection,
      maxConcurrent,
      highWater: maxQueued,
      strategy: Bottleneck.strategy.OVERFLOW,
      ...(maxPerSecond === undefined ? {} : { minTime: Math.ceil(1000 / maxPerSecond) }),
      heartbeatInterval: timing.heartbeatMs,
      clientTimeout: timing.goneAfterMs,
      timeout: KEYS_LIVE_MS,
    });
    const turns = new BottleneckTurns(limiter, () => this.retire());
    this.#limiters.set(id, turns);
    return turns;
  }

  /** Lets nothing more begin here, and goes when what has begun is over. Idempotent. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    for (const turns of this.#limiters.values()) turns.lose();
    this.#leaveWhenOver();
    this.#options.onRetired();
  }

  /** Goes at once; what has begun is free in Redis after a while. Idempotent. */
  close(): void {
    this.retire();
    this.#leave();
  }

  #leaveWhenOver(): void {
    // The heartbeat goes on until then: what runs stays counted.
    if ([...this.#limiters.values()].every(({ running }) => running === 0)) this.#leave();
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#keeper);
    void this.#connection.disconnect(false);
  }

  async #keep(): Promise<void> {
    if (this.#retired) this.#leaveWhenOver();
    for (const [id, turns] of this.#limiters) {
      if (turns.idleMs > IDLE_MS) {
        this.#limiters.delete(id);
        turns.disconnect();
      } else if (turns.idleMs === 0) await this.#keepKeys(id);
    }
  }

  async #keepKeys(id: string): Promise<void> {
    const keys = KEY_ENDINGS.map((ending) => `b_${id}_${ending}`);
    const goneMs = Date.now() - this.#options.timing.goneAfterMs;
    try {
      await this.#client.eval(KEEP_SCRIPT, keys.length, ...keys, goneMs, KEYS_LIVE_MS);
    } catch {
      // The connection tells by itself that it is lost.
    }
  }
}

/** Bottleneck lets go of channels without looking whether that worked; where it did not, the process would end. */
function forgiving(client: Redis): Redis {
  const unsubscribe = client.unsubscribe.bind(client) as (...channels: string[]) => Promise<unknown>;
  const duplicate = client.duplicate.bind(client);
  return Object.assign(client, {
    unsubscribe: (...channels: string[]) => unsubscribe(...channels).catch(() => undefined),
    duplicate: (...override: Parameters<Redis['duplicate']>) => forgiving(duplicate(...override)),
  });
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
