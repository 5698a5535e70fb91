import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createModerator } from '../../src/index.js';
import { answer, ask as askApp, send, startApp, stopApps } from '../support/express-app.js';
import { ask, ProxyFixture, type RunningProxy, reply, sendJson, signal } from '../support/proxy-fixture.js';
import { RemoteService, sendScores } from '../support/remote-service.js';

const KIND = 'openai-moderations';

let fixture: ProxyFixture;
let service: RemoteService;
let reached: number;
beforeEach(() => {
  fixture = new ProxyFixture();
  service = new RemoteService();
  reached = 0;
});
afterEach(async () => {
  await fixture.close();
  await service.close();
  await stopApps();
});

async function start(url: string, options: object = {}, config: object = {}): Promise<RunningProxy> {
  const upstream = await fixture.upstream((req, res) => {
    reached += 1;
    req.resume().on('end', () => sendJson(res, reply('fine')));
  });
  return fixture.proxy(upstream, { detectors: [{ kind: KIND, name: 'far', url, ...options }], ...config });
}

const say = (proxy: RunningProxy, text: string) => proxy.client.chat.completions.create(ask(text));

const status =
  (code: number): RequestListener =>
  (_req, res) =>
    void res.writeHead(code).end('{}');

/** A URL on which nobody listens. */
async function nobody(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/v1`;
}

describe('a remote detector', () => {
  it('blocks, flags and lets pass by its scores, and is named in the record and the metrics', async () => {
    const proxy = await start(await service.start());
    await expect(say(proxy, 'you snarp')).rejects.toMatchObject({ status: 400 });
    expect(reached).toBe(0);
    expect(proxy.entries).toMatchObject([
      {
        field: 'messages[0].content',
        applied: 'block',
        hits: [
          { source: 'remote:far', category: 'harassment', score: 0.99, span: { start: 0, end: 9 }, action: 'block' },
        ],
      },
    ]);
    await say(proxy, 'you mumb');
    expect(proxy.entries[1]).toMatchObject({ applied: 'flag', hits: [{ source: 'remote:far', score: 0.8 }] });
    await say(proxy, 'a fine day');
    expect(proxy.entries).toHaveLength(2);
    const metrics = await proxy.metrics.registry.metrics();
    expect(metrics).toContain('sluice_detector_calls_total{detector="far",outcome="ok"} 3');
    expect(metrics).toContain('sluice_hits_total{category="harassment",source="remote:far",action="block"} 1');
    expect(metrics).toContain('sluice_detector_seconds_count{detector="far"} 3');
  });

  it('gets every text of a request that is not empty in one call, with model and key', async () => {
    process.env['ZORG_KEY'] = 'sk-far';
    const proxy = await start(await service.start(), { model: 'omni', keyEnv: 'ZORG_KEY' });
    delete process.env['ZORG_KEY'];
    const messages = ['one', '', 'two', 'three mumb'].map((content) => ({ role: 'user' as const, content }));
    await proxy.client.chat.completions.create({ model: 'm', messages });
    expect(service.calls).toEqual([
      {
        path: '/v1/moderations',
        authorization: 'Bearer sk-far',
        body: { input: ['one', 'two', 'three mumb'], model: 'omni' },
      },
    ]);
    expect(proxy.entries).toMatchObject([{ field: 'messages[3].content', action: 'flag' }]);
  });

  it('is not asked about what the lists block already', async () => {
    const proxy = await start(await service.start());
    await expect(say(proxy, 'you zorgblat')).rejects.toMatchObject({ status: 400 });
    expect(service.calls).toEqual([]);
  });

  it('adds to what the lists found', async () => {
    const proxy = await start(await service.start());
    await say(proxy, 'quux mumb');
    const found = proxy.entries[0]?.hits.map(({ source, action }) => [source, action]);
    expect(found).toEqual([
      ['lexicon', 'redact'],
      ['remote:far', 'flag'],
    ]);
    expect(proxy.entries[0]?.applied).toBe('redact');
  });

  it('changes nothing in shadow mode, and is recorded', async () => {
    const proxy = await start(await service.start(), {}, { mode: 'shadow' });
    await say(proxy, 'you snarp');
    expect(reached).toBe(1);
    expect(proxy.entries).toMatchObject([{ action: 'block', applied: 'flag' }]);
  });

  it('takes a map of its keys in place of the usual one', async () => {
    const proxy = await start(await service.start(), { categories: { zorg: 'crime' } });
    await expect(say(proxy, 'a fine day')).rejects.toMatchObject({ status: 400 });
    expect(proxy.entries[0]?.hits).toMatchObject([{ category: 'crime', score: 1 }]);
  });

  it('has a say in /v1/moderations too', async () => {
    const proxy = await start(await service.start());
    const { results } = await proxy.client.moderations.create({ input: ['a fine day', 'you snarp'] });
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
    expect(results[1]?.category_scores.harassment).toBe(0.99);
    expect(service.calls).toHaveLength(1);
  });

  it('leaves replies alone', async () => {
    const proxy = await start(await service.start());
    await say(proxy, 'a fine day');
    expect(service.calls.map(({ body }) => body.input)).toEqual([['a fine day']]);
  });
});

describe('a remote detector that fails', () => {
  const garbage: RequestListener = (_req, res) => void res.end('zorgblat');
  const short: RequestListener = (_req, res) => sendScores(res, []);
  const strange: RequestListener = (_req, res) => void res.end('{"results":[{"category_scores":{"zorg":1}}]}');
  const huge: RequestListener = (_req, res) => void res.end(`{"results":[{"category_scores":{"hate":7}}]}`);

  it.each<[string, RequestListener | undefined, string]>([
    ['an error of the service', status(500), 'refused'],
    ['a redirect', status(302), 'refused'],
    ['a refused key', status(401), 'credentials'],
    ['a forbidden key', status(403), 'credentials'],
    ['no JSON', garbage, 'malformed'],
    ['too few results', short, 'malformed'],
    ['no key of the map', strange, 'malformed'],
    ['a score beyond one', huge, 'malformed'],
    ['nobody there', undefined, 'unreachable'],
  ])('blocks by default: %s', async (_name, handler, outcome) => {
    const proxy = await start(handler === undefined ? await nobody() : await service.start(handler));
    await expect(say(proxy, 'a fine day')).rejects.toMatchObject({ status: 400 });
    expect(reached).toBe(0);
    expect(proxy.entries).toMatchObject([{ outcome: 'screened', applied: 'block', hits: [] }]);
    expect(await proxy.metrics.registry.metrics()).toContain(
      `sluice_detector_calls_total{detector="far",outcome="${outcome}"} 1`,
    );
    expect(proxy.log()).toContain(outcome);
    expect(proxy.log()).not.toContain('fine day');
  });

  it.each<['allow' | 'ignore', object[]]>([
    ['allow', [{ outcome: 'failed-open', applied: 'allow', hits: [] }]],
    ['ignore', []],
  ])('lets the text pass with onError: %s', async (onError, recorded) => {
    const proxy = await start(await service.start(status(500)), { onError });
    await say(proxy, 'a fine day');
    expect(reached).toBe(1);
    expect(proxy.entries).toMatchObject(recorded);
    expect(proxy.entries).toHaveLength(recorded.length);
  });

  it.each(['allow', 'ignore'])('never opens with a refused key, also with onError: %s', async (onError) => {
    const proxy = await start(await service.start(status(401)), { onError });
    await expect(say(proxy, 'a fine day')).rejects.toMatchObject({ status: 400 });
    expect(reached).toBe(0);
  });

  it('is not waited for beyond its timeout', async () => {
    const proxy = await start(await service.start(() => undefined), { timeoutMs: 30, onError: 'allow' });
    await say(proxy, 'a fine day');
    expect(proxy.log()).toContain('timeout');
  });

  it('fails at once when its queue is full', async () => {
    const arrived = signal();
    const go = signal();
    const slow: RequestListener = (_req, res) => {
      arrived.resolve();
      void go.promise.then(() => sendScores(res, ['a']));
    };
    const proxy = await start(await service.start(slow), { maxConcurrent: 1, maxQueued: 0 });
    const first = say(proxy, 'a fine day');
    await arrived.promise;
    await expect(say(proxy, 'another day')).rejects.toMatchObject({ status: 400 });
    expect(proxy.log()).toContain('overloaded');
    go.resolve();
    await first;
  });
});

describe('the config of remote detectors', () => {
  it('names a key that is not in the environment', async () => {
    const started = start('http://127.0.0.1:9/v1', { keyEnv: 'ZORG_KEY_NOT_SET' });
    await expect(started).rejects.toThrow(/detectors\[0\]\.keyEnv: .*ZORG_KEY_NOT_SET/);
  });

  it('is refused where texts are judged at once', async () => {
    const detectors = [{ kind: KIND, url: 'http://127.0.0.1:9/v1' } as const];
    await expect(createModerator({ detectors })).rejects.toThrow(/detectors: .*leave them out/);
  });
});

describe('the middleware with a remote detector', () => {
  it.each([
    ['alone', []],
    ['behind express.json()', [express.json()]],
  ])('waits for it before the handler sees the request, %s', async (_name, before) => {
    const seen: unknown[] = [];
    const detectors = [{ kind: KIND, name: 'far', url: await service.start() } as const];
    const app = await startApp({
      config: { detectors },
      before,
      after: [express.json()],
      handler: (req, res) => {
        seen.push([req.body.messages[0].content, req.sluice?.hits.map(({ source }) => source)]);
        res.json(answer('fine'));
      },
    });
    expect((await send(app, { body: askApp('you snarp') })).status).toBe(400);
    expect((await send(app, { body: askApp('you mumb') })).status).toBe(200);
    expect(seen).toEqual([['you mumb', ['remote:far']]]);
    expect(await app.rows()).toMatchObject([{ source: 'remote:far', applied: 'block' }, { source: 'remote:far' }]);
  });
});
