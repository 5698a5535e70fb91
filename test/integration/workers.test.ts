import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { ReloadOutcome } from '../../src/http/index.js';
import { type FreshReply, freshRequest, openFreshRequest } from '../support/fresh-request.js';
import { chatFrame, SlowBackend } from '../support/slow-backend.js';
import { ADMIN_TOKEN, runSluice, ServeProcess } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(240_000);

interface Status {
  readonly restarts: number;
  readonly workers: readonly { readonly worker: number; readonly pid: number; readonly openExchanges: number }[];
}

const folder = new TempFolder();
const running: ServeProcess[] = [];
const backends: { stop(): void }[] = [];
let files = 0;

/** Starts a proxy of two workers, unless `lines` say otherwise, on a config of its own. */
async function serve(lines: string, options: { args?: string[]; env?: Record<string, string> } = {}) {
  files += 1;
  const name = String(files);
  folder.write(`${name}/abusive.txt`, '[severity 4]\nzorg\n');
  const workers = lines.includes('server:') ? '' : 'server: { workers: 2 }\n';
  const write = (more: string): string =>
    folder.write(
      `${name}/c.yaml`,
      `listen: 127.0.0.1:0\nlists: [./abusive.txt]\nclassifier: { enabled: false }\n${workers}${more}\n`,
    );
  const args = ['--config', write(lines), ...(options.args ?? [])];
  const served = await ServeProcess.start(args, { cwd: join(folder.path, name), env: options.env ?? {} });
  running.push(served);
  return { served, write, folder: name };
}

const ask = (content: string): object => ({ model: 'm', messages: [{ role: 'user', content }] });
const chat = (served: ServeProcess, content: string, headers = {}): Promise<FreshReply> =>
  freshRequest(`${served.url}/v1/chat/completions`, { body: ask(content), headers });
const statuses = (replies: readonly FreshReply[]): number[] => replies.map(({ status }) => status);
const admin = async (served: ServeProcess, path: string, method = 'GET'): Promise<FreshReply> =>
  freshRequest(`${served.url}/sluice/admin/${path}`, { method, headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
const status = async (served: ServeProcess): Promise<Status> => JSON.parse((await admin(served, 'status')).text);
const health = async (served: ServeProcess): Promise<unknown> =>
  JSON.parse((await freshRequest(`${served.url}/healthz`)).text);
const metric = async (served: ServeProcess, series: string): Promise<number> => {
  const { text } = await freshRequest(`${served.url}/metrics`);
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
};
const BLOCKED = 'sluice_screened_total{direction="input",action="block"}';

afterAll(() => {
  for (const { child } of running) child.kill('SIGKILL');
  for (const backend of backends) backend.stop();
});

async function slowBackend(): Promise<SlowBackend> {
  const backend = await SlowBackend.start();
  backends.push(backend);
  return backend;
}

describe('several workers', () => {
  it('serve on one address and are one to the operator', async () => {
    const { served } = await serve('store: none\nserver: { workers: 3 }');
    const replies = [];
    for (let count = 0; count < 9; count += 1) replies.push(await chat(served, 'a zorg'));
    expect(new Set(statuses(replies))).toEqual(new Set([400]));
    for (let count = 0; count < 3; count += 1) expect(await metric(served, BLOCKED)).toBe(9);
    expect(await metric(served, 'sluice_workers')).toBe(3);
    const { text } = await freshRequest(`${served.url}/metrics`);
    expect(text.match(/^sluice_info\{.*\} 1$/gm)).toHaveLength(1);
    expect(text).not.toMatch(/nan|null|undefined/i);
    expect(await health(served)).toEqual({ status: 'ok' });
    const { workers, restarts } = await status(served);
    expect(workers.map(({ worker }) => worker)).toEqual([1, 2, 3]);
    expect(new Set(workers.map(({ pid }) => pid)).size).toBe(3);
    expect(workers.map(({ pid }) => pid)).not.toContain(served.child.pid);
    expect(restarts).toBe(0);
    const each = served.log.filter(({ msg }) => msg === 'worker listens');
    expect(each.map(({ pid }) => pid).sort()).toEqual(workers.map(({ pid }) => pid).sort());
  });

  it('are replaced when they die, and what they had counted stays counted', async () => {
    const { served } = await serve('store: none');
    for (let count = 0; count < 6; count += 1) await chat(served, 'a zorg');
    expect(await metric(served, BLOCKED)).toBe(6);
    const before = await status(served);
    process.kill(before.workers[0]?.pid ?? 0, 'SIGKILL');
    const replaced = await served.logged('worker ended; another takes its place');
    expect(replaced).toMatchObject({ worker: 1, ended: 'by SIGKILL', delayMs: 100 });
    expect(await health(served)).toEqual({ status: 'degraded', degraded: ['workers'] });
    expect((await chat(served, 'a zorg')).status).toBe(400);
    await served.logged('worker has taken the place of another');
    expect(await health(served)).toEqual({ status: 'ok' });
    for (let count = 0; count < 2; count += 1) await chat(served, 'a zorg');
    expect(await metric(served, BLOCKED)).toBe(9);
    expect(await metric(served, 'sluice_worker_restarts_total')).toBe(1);
    const after = await status(served);
    expect(after.restarts).toBe(1);
    expect(after.workers[1]?.pid).toBe(before.workers[1]?.pid);
    expect(after.workers[0]?.pid).not.toBe(before.workers[0]?.pid);
    // One that is asked to end finishes, and is replaced later and later.
    process.kill(after.workers[0]?.pid ?? 0, 'SIGTERM');
    expect(await served.logged('worker ended; another takes its place', 2)).toMatchObject({ delayMs: 200 });
    await served.logged('worker has taken the place of another', 2);
    expect(await metric(served, BLOCKED)).toBe(9);
  });

  it('all reload, or all keep the earlier config', async () => {
    const { served, write, folder: name } = await serve('store: none');
    const verdicts = async (text: string): Promise<number[]> =>
      statuses(await Promise.all([1, 2, 3, 4].map(() => chat(served, text))));
    folder.write(`${name}/abusive.txt`, '[severity 4]\nblat\n');
    served.signal('SIGHUP');
    await served.logged('config reloaded in every worker');
    expect(await verdicts('zorg')).toEqual([200, 200, 200, 200]);
    expect(await verdicts('blat')).toEqual([400, 400, 400, 400]);
    folder.write(`${name}/abusive.txt`, '[severity 4]\nquux\n');
    // The primary looks at the files, not each worker.
    await until(async () => (await verdicts('quux')).every((code) => code === 400));
    write('store: none\nmoode: shadow');
    const refused = await admin(served, 'reload', 'POST');
    expect(refused.status).toBe(422);
    expect((JSON.parse(refused.text) as ReloadOutcome).problems).toEqual([expect.stringContaining("'mode'")]);
    expect(await verdicts('quux')).toEqual([400, 400, 400, 400]);
    write('store: "sqlite:./other.db"');
    await admin(served, 'reload', 'POST');
    expect(await served.logged('changed settings that need a restart to take effect')).toMatchObject({
      settings: ['store'],
    });
    // A worker that is new has what the others have.
    const [first] = (await status(served)).workers;
    process.kill(first?.pid ?? 0, 'SIGKILL');
    await served.logged('worker has taken the place of another');
    expect(readdirSync(join(folder.path, name))).not.toContain('other.db');
  });

  it('drain together, and each has a chain of its own in the one SQLite file', async () => {
    const backend = await slowBackend();
    const { served, folder: name } = await serve(
      'store: "sqlite:./a.db"\nhitLog: { batchMs: 1, batchSize: 3 }\nlimits: { drainTimeoutMs: 60000 }',
      {
        args: ['--upstream', backend.url],
      },
    );
    const blocks = await Promise.all(Array.from({ length: 60 }, (_, count) => chat(served, `a zorg ${count}`)));
    expect(new Set(statuses(blocks))).toEqual(new Set([400]));
    const url = `${served.url}/v1/chat/completions`;
    const streams = await Promise.all(
      [1, 2].map(async () => {
        const asked = openFreshRequest(url, { body: { ...ask('hi'), stream: true } });
        const res = await backend.next();
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write(chatFrame('one '));
        return { res, reply: await asked };
      }),
    );
    expect((await status(served)).workers.map(({ openExchanges }) => openExchanges).sort()).toEqual([1, 2]);
    served.signal('SIGTERM');
    await served.logged('draining', 3);
    // All at once: which of them belongs to which request nobody knows.
    for (const { res } of streams) res.end(`${chatFrame('two', 'stop')}data: [DONE]\n\n`);
    for (const { reply } of streams) {
      let text = '';
      for await (const chunk of reply.setEncoding('utf8')) text += chunk;
      expect(text).toContain('[DONE]');
    }
    expect(await served.exited()).toBe(0);
    const database = new Database(join(folder.path, name, 'a.db'), { readonly: true });
    const rows = database.prepare('SELECT count(*) AS hits, count(DISTINCT writer) AS writers FROM hits').get();
    database.close();
    expect(rows).toEqual({ hits: 60, writers: 2 });
    const verified = await runSluice(['hits', 'verify', '--config', 'c.yaml'], { cwd: join(folder.path, name) });
    expect(verified).toMatchObject({ code: 0 });
  });

  it('finish what they have begun when the primary is killed', async () => {
    const backend = await slowBackend();
    const { served, folder: name } = await serve(
      'store: "sqlite:./a.db"\nhitLog: { batchMs: 60000 }\nlimits: { drainTimeoutMs: 60000 }',
      {
        args: ['--upstream', backend.url],
      },
    );
    const pids = (await status(served)).workers.map(({ pid }) => pid);
    for (let count = 0; count < 4; count += 1) await chat(served, 'a zorg');
    const asked = openFreshRequest(`${served.url}/v1/chat/completions`, { body: { ...ask('hi'), stream: true } });
    const res = await backend.next();
    res.writeHead(200, { 'content-type': 'text/event-stream' }).write(chatFrame('one '));
    const reply = await asked;
    served.signal('SIGKILL');
    await served.logged('draining', 2);
    res.end(`${chatFrame('two', 'stop')}data: [DONE]\n\n`);
    let text = '';
    for await (const chunk of reply.setEncoding('utf8')) text += chunk;
    expect(text).toContain('[DONE]');
    await until(() => pids.every((pid) => !isAlive(pid)));
    const database = new Database(join(folder.path, name, 'a.db'), { readonly: true });
    expect(database.prepare('SELECT count(*) AS hits FROM hits').get()).toEqual({ hits: 4 });
    database.close();
  });

  it('that cannot start are told of once, and none is left', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const config = folder.write('bad/c.yaml', 'server: { workers: 2 }\nlists: []\nclassifier: { enabled: false }\n');
    const run = (...args: string[]) => runSluice(['serve', '--config', config, ...args], { cwd: folder.path });
    const { code, stderr } = await run('--listen', `127.0.0.1:${port}`);
    taken.close();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sluice: ERR_SLUICE_CONFIG: .*\n {2}- listen: cannot listen on .*\n$/);
    folder.write('bad/c.yaml', 'server: { workers: 2 }\nlists: [./missing]\n');
    expect((await run()).stderr).toMatch(/^sluice: ERR_SLUICE_LEXICON: .*missing.*\n$/);
    folder.write('bad/c.yaml', 'server: { workers: 2 }\nstore: "sqlite::memory:"\n');
    expect((await run()).stderr).toContain('workers cannot share a store in memory');
  });
});

describe('the limits of several workers', () => {
  it('count a client together', async () => {
    const { served } = await serve(
      'store: none\nserver: { workers: 3 }\nlimits: { client: { maxRequests: 20, perSeconds: 600 } }',
    );
    const replies = await Promise.all(Array.from({ length: 50 }, () => chat(served, 'hello')));
    expect(replies.filter(({ status: code }) => code === 200)).toHaveLength(20);
    expect(replies.filter(({ status: code }) => code === 429)).toHaveLength(30);
    const refused = await chat(served, 'hello');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(500);
  });

  it('bound the exchanges with the backend together, and a worker that dies gives its turns back', async () => {
    let open = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const upstream: Server = createServer((req, res) => {
      open += 1;
      most = Math.max(most, open);
      res.once('close', () => {
        open -= 1;
      });
      req.resume();
      waiting.push(() => res.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[]}'));
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    backends.push({ stop: () => upstream.close() });
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const { served } = await serve('store: none\nlimits: { upstream: { maxConcurrent: 2, maxQueued: 4 } }', {
      args: ['--upstream', url],
    });
    const replies = Array.from({ length: 8 }, () => chat(served, 'hello').catch(() => undefined));
    // Two run, four wait, two are too many.
    await until(() => waiting.length === 2);
    const refused = await Promise.race(replies);
    expect(refused?.status).toBe(503);
    const held = (await status(served)).workers;
    // Whatever this worker has or waits for ends with it; what waits in the other goes on.
    process.kill(held[0]?.pid ?? 0, 'SIGKILL');
    await served.logged('worker ended; another takes its place');
    const answer = setInterval(() => waiting.shift()?.(), 5);
    const ended = await Promise.all(replies);
    clearInterval(answer);
    expect(ended.filter((reply) => reply?.status === 200).length).toBeGreaterThan(0);
    expect(ended.filter((reply) => reply?.status === 503)).toHaveLength(2);
    await until(() => open === 0);
    expect(most).toBe(2);
  });
});

describe('the record of several workers', () => {
  it('has a spool for each, which the one that takes a place takes over', async () => {
    // Nobody listens there: everything goes to the spool.
    const { served, folder: name } = await serve('store: postgres://nobody@127.0.0.1:1/none\nhitLog: { batchMs: 1 }');
    for (let count = 0; count < 8; count += 1) await chat(served, 'a zorg');
    const spool = join(folder.path, name, 'sluice-spool');
    const owners = (): string[] => readdirSync(spool).flatMap((file) => /^(\w+)-\d+\.spool$/.exec(file)?.[1] ?? []);
    await until(() => new Set(owners()).size === 2);
    expect(await health(served)).toEqual({ status: 'degraded', degraded: expect.arrayContaining(['store']) });
    const [first] = (await status(served)).workers;
    process.kill(first?.pid ?? 0, 'SIGKILL');
    expect(await served.logged('the spool holds what an earlier process could not write')).toMatchObject({
      files: expect.any(Number),
    });
  });

  it('has the steps against a subject, which hold in each', async () => {
    const enforcement = 'enforcement: { ladder: [{ step: suspend, at: 1 }] }\nsubject: { from: api-key }';
    const { served } = await serve(`store: "sqlite:./a.db"\n${enforcement}`, {
      env: { SLUICE_SUBJECT_KEY: 'a-key-for-the-subjects-of-tests' },
    });
    const headers = { authorization: 'Bearer sk-bad' };
    expect((await chat(served, 'a zorg', headers)).status).toBe(400);
    await until(async () => {
      const replies = await Promise.all([1, 2, 3, 4].map(() => chat(served, 'hello', headers)));
      return statuses(replies).every((code) => code === 403);
    });
    expect((await chat(served, 'hello', { authorization: 'Bearer sk-other' })).status).toBe(200);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
