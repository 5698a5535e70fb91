import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from '../loopback-ports.js';
import { ServerProcess } from './server-process.js';

/** Fast: open sessions are cut. Immediate: as if the machine had lost its power, but for what the kernel holds. */
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** A PostgreSQL of its own: own data, own port, loopback only. */
export class PostgresServer {
  /** For the setting `store`. */
  readonly url: string;
  readonly #process: ServerProcess;

  private constructor(url: string, process: ServerProcess) {
    this.url = url;
    this.#process = process;
  }

  /** Makes a database cluster in a folder; not started yet. */
  static async create(folder: string): Promise<PostgresServer> {
    const binaries = binaryFolder();
    const data = join(folder, 'postgres');
    mkdirSync(data, { mode: 0o700 });
    // It refuses to run as root.
    const owner = process.getuid?.() === 0 ? idsOf('postgres') : {};
    if (owner.uid !== undefined && owner.gid !== undefined) chownSync(data, owner.uid, owner.gid);
    const init = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    const { status, stderr } = spawnSync(join(binaries, 'initdb'), init, { ...owner, cwd: '/', encoding: 'utf8' });
    if (status !== 0) throw new Error(`initdb failed: ${stderr}`);
    const port = await freePort();
    const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', shared_buffers: '32MB' };
    const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const probe = (): Promise<unknown> => queryAt(url, 'SELECT 1');
    const options = { ...owner, cwd: '/' };
    return new PostgresServer(url, new ServerProcess({ command: join(binaries, 'postgres'), args, options, probe }));
  }

  get pid(): number {
    return this.#process.pid;
  }

  start(): Promise<void> {
    return this.#process.start();
  }

  async stop(how: keyof typeof SIGNALS): Promise<void> {
    await this.#process.stop(SIGNALS[how]);
  }

  /** Ends it at once; resolves once it is gone. */
  async kill(): Promise<void> {
    await this.#process.stop('SIGKILL');
  }

  /** The rows of a query. */
  query<Row>(sql: string): Promise<Row[]> {
    return queryAt<Row>(this.url, sql);
  }
}

async function queryAt<Row>(connectionString: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 5_000, options: '-c search_path=sluice' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}

function binaryFolder(): string {
  const { stdout } = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  const folders = [stdout?.trim() ?? '', ...(process.env['PATH'] ?? '').split(':')];
  const found = folders.find((folder) => folder !== '' && existsSync(join(folder, 'initdb')));
  if (found === undefined) throw new Error('initdb is not there: install PostgreSQL, or put its programs on the PATH');
  return found;
}

function idsOf(user: string): { readonly uid?: number; readonly gid?: number } {
  const id = (flag: string): number => Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout || Number.NaN);
  const [uid, gid] = [id('-u'), id('-g')];
  if (Number.isNaN(uid)) throw new Error(`PostgreSQL does not run as root, and there is no user ${user} to run it as`);
  return { uid, gid };
}
