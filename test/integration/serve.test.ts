import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { ReloadOutcome } from '../../src/http/index.js';
import { chatFrame, SlowBackend } from '../support/slow-backend.js';
import { ServeProcess } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(120_000);

const folder = new TempFolder();
const running: ServeProcess[] = [];
let backend: SlowBackend;
let files = 0;

/** Starts a proxy on a config of its own; `lines` are added to it. */
async function serve(lines: string, options: { args?: string[]; env?: Record<string, string> } = {}) {
  files += 1;
  folder.write(`${files}/abusive.txt`, '[severity 4]\nzorg\n');
  const write = (more: string): string =>
    folder.write(
      `${files}/c.yaml`,
      `listen: 127.0.0.1:0\nlists: [./abusive.txt]\nclassifier: { enabled: false }\n${more}\n`,
    );
  const config = write(lines);
  const { env = {} } = options;
  const args = ['--config', config, ...(options.args ?? [])];
  const served = await ServeProcess.start(args, { cwd: join(folder.path, String(files)), env });
  running.push(served);
  return { served, write, folder: String(files) };
}

const askStream = (served: ServeProcess): Promise<Response> => {
  const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] });
  return served.chat('', { body });
};

beforeAll(async () => {
  backend = await SlowBackend.start();
});
afterAll(() => {
  for (const { child } of running) child.kill('SIGKILL');
  backend.stop();
});

describe('operator routes', () => {
  it('answer beside the proxied paths, the admin ones to the token only', async () => {
    const { served } = await serve('store: none');
    const get = (path: string, init?: RequestInit) => fetch(served.url + path, init);
    await (await served.chat('a zorg')).text();
    expect(await (await get('/healthz?probe=1')).json()).toEqual({ status: 'ok' });
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ready' });
    expect((await get('/healthz', { method: 'POST', body: 'x' })).status).toBe(405);
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain('sluice_screened_total{direction="input",action="block"} 1');
    expect(metrics).toContain('sluice_hits_total{category="abusive",source="lexicon",action="block"} 1');
    expect(metrics).toMatch(
      /^sluice_info\{version="\d+\.\d+\.\d+",policy="\w+",lexicon="\w+",model="none",backend="none"\} 1$/m,
    );
    expect(metrics).not.toContain('sluice_store_');
    for (const authorization of [undefined, 'Bearer wrong', 'Basic a-token-for-the-tests', 'Bearer ']) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await get('/sluice/admin/status', { headers });
      expect([authorization, answer.status]).toEqual([authorization, 401]);
    }
    expect((await served.admin('GET', 'nothing')).status).toBe(404);
    expect((await served.admin('GET', 'reload')).status).toBe(405);
    expect(await (await served.admin('GET', 'status')).json()).toMatchObject({
      mode: 'enforce',
      configFile: expect.stringContaining('c.yaml'),
      store: null,
      draining: false,
      openExchanges: 1,
      lastReload: null,
    });
  });

  it('do not exist for admins without a token, and never reach the backend', async () => {
    const { served } = await serve('store: none', { env: { SLUICE_ADMIN_TOKEN: '' } });
    for (const path of ['status', 'reload']) {
      for (const method of ['GET', 'POST'] as const) expect((await served.admin(method, path)).status).toBe(404);
    }
  });

  it('tell while Redis is away, and count what is limited without it', async () => {
    const { served } = await serve(
      'store: none\nredis: { url: redis://127.0.0.1:1 }\nlimits: { upstream: { maxConcurrent: 9, maxQueued: 9 }, client: { maxRequests: 9 } }',
    );
    await (await served.chat('hello')).text();
    expect(await (await fetch(`${served.url}/healthz`)).json()).toEqual({ status: 'degraded', degraded: ['redis'] });
    const metrics = await (await fetch(`${served.url}/metrics`)).text();
    for (const limit of ['client', 'upstream']) {
      expect(metrics).toContain(`sluice_limits_unshared_total{limit="${limit}"} 1`);
    }
  });

  it('move to an address of their own', async () => {
    const { served } = await serve('store: none\nadminListen: 127.0.0.1:0\nadmin: { tokenEnv: ZORG }', {
      env: { SLUICE_ADMIN_TOKEN: '', ZORG: 'a-token-for-the-tests' },
    });
    for (const path of ['/healthz', '/readyz', '/metrics', '/sluice/admin/status']) {
      expect((await fetch(served.url + path)).status).toBe(404);
    }
    expect((await fetch(`${served.adminUrl}/metrics`)).status).toBe(200);
    expect((await served.admin('GET', 'status', served.adminUrl)).status).toBe(200);
    expect((await fetch(`${served.adminUrl}/v1/models`)).status).toBe(404);
  });
});

test('a request cannot choose its upstream', async () => {
  const reached: string[] = [];
  const [own, other] = await Promise.all(
    ['own', 'other'].map(async (name) => {
      const server = createServer((req, res) => {
        reached.push(`${name} ${req.url}`);
        res.end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
    }),
  );
  const { served } = await serve('store: none', { args: ['--upstream', `http://${own!.host}`] });
  const { hostname, port } = new URL(served.url);
  for (const target of [
    `GET http://${other!.host}/a`,
    `GET @${other!.host}/b`,
    `GET .${other!.host}/c`,
    `CONNECT ${other!.host}`,
    `GET //${other!.host}/d`,
    `GET /../e`,
  ]) {
    const socket = connect(Number(port), hostname);
    socket.write(
      `${target} HTTP/1.1\r\nhost: ${other!.host}\r\nx-forwarded-host: ${other!.host}\r\nconnection: close\r\n\r\n`,
    );
    socket.resume().on('error', () => undefined);
    await once(socket, 'close');
  }
  for (const backendServer of [own, other]) backendServer!.server.close();
  expect(reached).toEqual(expect.arrayContaining([expect.stringMatching(/^own .*\/d$/)]));
  expect(reached.filter((line) => line.startsWith('other'))).toEqual([]);
});

describe('reload', () => {
  const status = async (served: ServeProcess, text: string): Promise<number> => {
    const answer = await served.chat(text);
    await answer.text();
    return answer.status;
  };

  it('on SIGHUP takes the new config whole, and keeps record and counters', async () => {
    const { served, write, folder: name } = await serve('store: "sqlite:./a.db"\nhitLog: { batchMs: 1 }');
    expect(await status(served, 'zorg')).toBe(400);
    folder.write(`${name}/abusive.txt`, '[severity 4]\nblat\n');
    write('store: "sqlite:./b.db"\nlimits: { drainTimeoutMs: 5 }\nmode: enforce');
    served.signal('SIGHUP');
    await served.logged('config reloaded');
    expect(await status(served, 'zorg')).toBe(200);
    expect(await status(served, 'blat')).toBe(400);
    const warning = await served.logged('changed settings that need a restart to take effect');
    expect(warning['settings']).toEqual(['store', 'hitLog']);
    const metrics = await (await fetch(`${served.url}/metrics`)).text();
    expect(metrics).toContain('sluice_config_reloads_total{outcome="ok"} 1');
    expect(metrics).toContain('sluice_screened_total{direction="input",action="block"} 2');
    expect(metrics.match(/^sluice_info\{/gm)).toHaveLength(1);
    served.signal('SIGTERM');
    expect(await served.exited()).toBe(0);
    const database = new Database(join(folder.path, name, 'a.db'), { readonly: true });
    expect(database.prepare('SELECT count(*) AS hits FROM hits').get()).toEqual({ hits: 2 });
    database.close();
  });

  it('keeps the earlier config when anything is wrong, and names each problem', async () => {
    const { served, write, folder: name } = await serve('store: none');
    write('store: none\nmoode: shadow\nunscreened: perhaps');
    const refused = await served.admin('POST', 'reload');
    expect(refused.status).toBe(422);
    const { ok, problems } = (await refused.json()) as ReloadOutcome;
    expect(ok).toBe(false);
    expect(problems).toEqual(
      expect.arrayContaining([expect.stringContaining("'mode'"), expect.stringMatching(/^unscreened: /)]),
    );
    expect(problems).toHaveLength(2);
    expect((await served.logged('config not reloaded; the earlier one stays in use'))['problems']).toEqual(problems);
    write('store: none');
    folder.write(`${name}/abusive.txt`, '[severity 4]\nblat | x: y\n[nope]\n');
    const refusedList = (await (await served.admin('POST', 'reload')).json()) as ReloadOutcome;
    expect(refusedList.problems).toEqual([
      expect.stringMatching(/abusive\.txt:2: /),
      expect.stringMatching(/abusive\.txt:3: /),
    ]);
    expect(await status(served, 'zorg')).toBe(400);
    const state = await (await served.admin('GET', 'status')).json();
    expect(state).toMatchObject({ lastReload: { ok: false, problems: refusedList.problems } });
  });

  it('notices config and lists that an editor renames into place', async () => {
    const { served, write, folder: name } = await serve('store: none');
    const swap = (file: string, content: string): void => {
      renameSync(folder.write(`${name}/new.tmp`, content), join(folder.path, name, file));
    };
    swap('abusive.txt', '[severity 4]\nblat\n');
    await served.logged('config reloaded', 1);
    expect(await status(served, 'blat')).toBe(400);
    swap('abusive.txt', '[severity 4]\nnot closed | (\n');
    await served.logged('config not reloaded; the earlier one stays in use', 1);
    expect(await status(served, 'blat')).toBe(400);
    write('store: none\nmode: shadow');
    await served.logged('config not reloaded; the earlier one stays in use', 2);
    swap('abusive.txt', '[severity 4]\nblat\n');
    await served.logged('config reloaded', 2);
    expect(await status(served, 'blat')).toBe(200);
  });

  it('takes another backend, and refuses to lose the one it has', async () => {
    const { served, write } = await serve('store: none');
    expect(await status(served, 'hello')).toBe(200);
    write(`store: none\nupstream: ${backend.url}`);
    expect((await served.admin('POST', 'reload')).status).toBe(200);
    const asked = served.chat('hello');
    (await backend.next()).writeHead(418, { 'content-type': 'application/json' }).end('{}');
    expect((await asked).status).toBe(418);
    write('store: none');
    const refused = await served.admin('POST', 'reload');
    expect([refused.status, await refused.json()]).toMatchObject([
      422,
      { problems: [expect.stringMatching(/^upstream: /)] },
    ]);
  });

  it('leaves an open stream to the config it began with', async () => {
    const { served, folder: name } = await serve('store: none', { args: ['--upstream', backend.url] });
    const asked = askStream(served);
    const upstream = await backend.next();
    upstream.writeHead(200, { 'content-type': 'text/event-stream' }).write(chatFrame('one '));
    const answer = await asked;
    folder.write(`${name}/abusive.txt`, '[severity 4]\nblat\n');
    expect((await served.admin('POST', 'reload')).status).toBe(200);
    upstream.write(chatFrame('blat and zorg '));
    upstream.end(`${chatFrame('', 'stop')}data: [DONE]\n\n`);
    const text = await answer.text();
    expect(text).toContain('blat');
    expect(text).not.toContain('zorg');
    expect(text).toContain('"finish_reason":"content_filter"');
  });
});

describe('drain', () => {
  it('on SIGTERM lets an open stream finish, refuses new requests, writes the record and exits with 0', async () => {
    const { served, folder: name } = await serve('store: "sqlite:./a.db"\nadminListen: 127.0.0.1:0', {
      args: ['--upstream', backend.url],
    });
    const asked = askStream(served);
    const upstream = await backend.next();
    upstream.writeHead(200, { 'content-type': 'text/event-stream' }).write(chatFrame('one '));
    const answer = await asked;
    served.signal('SIGTERM');
    await served.logged('draining');
    const ready = await fetch(`${served.adminUrl}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'draining' }]);
    await expect(fetch(`${served.url}/healthz`)).rejects.toThrow();
    upstream.write(chatFrame('two zorg '));
    upstream.end('data: [DONE]\n\n');
    expect(await answer.text()).toMatch(/one .*content_filter.*\[DONE\]/s);
    expect(await served.exited()).toBe(0);
    const database = new Database(join(folder.path, name, 'a.db'), { readonly: true });
    expect(database.prepare('SELECT direction, action FROM hits').all()).toEqual([
      { direction: 'output', action: 'block' },
    ]);
    database.close();
  });

  it('cuts what is still open after the drain timeout', async () => {
    const { served } = await serve('store: none\nlimits: { drainTimeoutMs: 50 }', {
      args: ['--upstream', backend.url],
    });
    const asked = askStream(served);
    const upstream = await backend.next();
    const gone = once(upstream, 'close');
    upstream.writeHead(200, { 'content-type': 'text/event-stream' }).write(chatFrame('one '));
    const answer = await asked;
    served.signal('SIGINT');
    await expect(answer.text()).rejects.toThrow();
    await gone;
    expect(await served.exited()).toBe(0);
  });

  it('ends at once on a second signal', async () => {
    const { served } = await serve('store: none', { args: ['--upstream', backend.url] });
    void askStream(served).catch(() => undefined);
    await backend.next();
    served.signal('SIGTERM');
    await served.logged('draining');
    // Repeated, because a signal that follows within a moment counts as the same one.
    const again = setInterval(() => served.signal('SIGTERM'), 50);
    expect(await served.exited()).toBe(143);
    clearInterval(again);
  });
});

test('without an upstream an echo backend answers, and three lines show allow, redact and block', async () => {
  const { served } = await serve('store: none');
  const stdout = await served.printed(/blatzorg.*\n/);
  const bodies = [...stdout.matchAll(/-d '(.*)'$/gm)].map((match) => match[1] ?? '');
  const answers = await Promise.all(bodies.map((body) => served.chat('', { body })));
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
  expect(texts[0]).toContain('Good morning');
  expect(texts[1]).toContain('You are a [redacted]');
  expect(texts[2]).toContain('"code":"content_filter"');
});
