import { Redis } from 'ioredis';
import { freePort } from '../loopback-ports.js';
import { ServerProcess } from './server-process.js';

/** A Redis of its own, in memory and on loopback only. */
export class RedisServer {
  readonly url: string;
  readonly #process: ServerProcess;

  private constructor(url: string, process: ServerProcess) {
    this.url = url;
    this.#process = process;
  }

  /** Not started yet. */
  static async create(folder: string): Promise<RedisServer> {
    const port = await freePort();
    const url = `redis://127.0.0.1:${port}`;
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
    return new RedisServer(url, new ServerProcess({ command: 'redis-server', args, probe: () => ping(url) }));
  }

  get pid(): number {
    return this.#process.pid;
  }

  start(): Promise<void> {
    return this.#process.start();
  }

  async stop(): Promise<void> {
    await this.#process.stop('SIGTERM');
  }

  /** Ends it at once; resolves once it is gone. */
  async kill(): Promise<void> {
    await this.#process.stop('SIGKILL');
  }
}

async function ping(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
