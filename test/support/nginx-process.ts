import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, isTaken } from '../../scripts/loopback-ports.js';
import type { TempFolder } from './temp-folder.js';
import { until } from './until.js';

/** `describe`, or, with a notice, `describe.skip` where nginx is not installed. */
export function describeNginx(): jest.Describe {
  if (spawnSync('nginx', ['-v']).error === undefined) return describe;
  console.warn('nginx is not installed: its suites are skipped (apt-get install nginx)');
  return describe.skip;
}

/** nginx on the config that `deploy/` ships, but for the addresses. */
export class NginxProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /** Starts before replicas, `host:port` each. */
  static async start(replicas: readonly string[], folder: TempFolder): Promise<NginxProcess> {
    const port = await freePort();
    const shipped = readFileSync(join(__dirname, '../../deploy/nginx.conf'), 'utf8');
    const servers = replicas.map((address) => `server ${address};`).join('\n');
    const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder.path}/${name};`,
    );
    const config = shipped
      .replace(/(server sluice-\d:8080;\s*)+/, servers)
      .replace('listen 80;', `listen 127.0.0.1:${port};`)
      .replace('http {', `http {\naccess_log off;\n${own.join('\n')}`);
    const file = folder.write(
      'nginx.conf',
      `pid ${folder.path}/nginx.pid;\nerror_log ${folder.path}/error.log;\n${config}`,
    );
    const child = spawn('nginx', ['-c', file, '-p', folder.path, '-g', 'daemon off;'], { stdio: 'ignore' });
    const url = `http://127.0.0.1:${port}`;
    await until(() => isTaken(port));
    return new NginxProcess(url, child);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
