import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, isTaken } from '../../../scripts/loopback-ports.js';
import { type Subject, stopChild, type Usage } from './subject.js';

const NANOSECONDS = 1e6;

/** nginx as a plain reverse proxy of one worker; `undefined`, with a notice, where it is not installed. */
export async function startNginx(upstream: string): Promise<Subject | undefined> {
  if (spawnSync('nginx', ['-v']).error !== undefined) {
    console.error('Left out: nginx, which is not installed. To have it on Debian: apt-get install -y nginx');
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-nginx-'));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, config({ folder, port, upstream: new URL(upstream).host }));
  const child = spawn('nginx', ['-c', file, '-p', folder, '-g', 'daemon off;'], { stdio: 'ignore' });
  for (let attempt = 0; attempt < 100 && !(await isTaken(port)); attempt += 1) await sleep(100);
  const { pid = 0 } = child;
  return {
    name: 'nginx',
    port,
    usage: async () => usageOf(pid),
    async stop() {
      child.kill('SIGTERM');
      await sleep(200);
      await stopChild(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function config({ folder, port, upstream }: { folder: string; port: number; upstream: string }): string {
  return `worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream backend { server ${upstream}; keepalive 128; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000;
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
}

/** Of the master and its workers, as Linux counts it in nanoseconds. */
function usageOf(master: number): Usage {
  const workers = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ');
  let [cpuMs, rssBytes] = [0, 0];
  for (const pid of [String(master), ...workers.filter((worker) => worker !== '')]) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const [running] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
      cpuMs += Number(running) / NANOSECONDS;
    }
    const [, kilobytes] = /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    rssBytes += Number(kilobytes ?? 0) * 1024;
  }
  return { cpuMs, rssBytes };
}
