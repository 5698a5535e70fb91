import { gzipSync } from 'node:zlib';
import { createMetrics, createProxy, createScreen } from '../../src/http/index.js';
import { ask, bodyOf, DONE, frame, ProxyFixture, reply, sendJson, signal } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());

const REQUEST = ` {"model":"m", "a":1,"a":2,"messages":[{"role":"user","content":"a zorgblat"}]} `;
const post = (url: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/chat/completions`, { method: 'POST', body, headers: { 'content-type': 'text/json', ...headers } });

describe.each(['shadow', 'annotate'])('mode %s', (mode) => {
  it('passes a request byte for byte, and records what it would do', async () => {
    let seen: unknown[] = [];
    const upstream = await fixture.upstream(async (req, res) => {
      seen = [(await bodyOf(req)).toString(), req.headers['content-type']];
      sendJson(res, reply('fine'));
    });
    const { url, entries } = await fixture.proxy(upstream, { mode });
    const answer = await post(url, REQUEST);
    expect(answer.status).toBe(200);
    expect(seen).toEqual([REQUEST, 'text/json']);
    expect(entries).toMatchObject([{ direction: 'input', action: 'block', mode }]);
    expect(entries[0]?.applied).not.toBe('block');
    expect(answer.headers.get('x-moderation-input-action')).toBe(mode === 'annotate' ? 'block' : null);
  });

  it.each([
    ['JSON', 'application/json', '', ` {"choices": [{"message":{"content":"a zorgblat"}}]}`, 1],
    ['an encoded reply', 'application/json', 'gzip', `{"choices":[{"message":{"content":"a zorgblat"}}]}`, 1],
    ['an encoding that is not known', 'application/json', 'zorg', 'zorgblat', 0],
    ['JSON that is none', 'application/json', '', '{zorgblat', 1],
    [
      'a stream with odd line ends',
      'text/event-stream',
      '',
      `${frame('a zor')}${frame('gblat it is')}${DONE}`.replaceAll('\n', '\r\n'),
      1,
    ],
    ['an encoded stream', 'text/event-stream', 'gzip', frame('a zorgblat it is') + DONE, 1],
    ['a stream that is broken', 'text/event-stream', '', `${frame('a zorgblat it is')}data: {oops\n\n${DONE}`, 1],
  ])('passes %s byte for byte', async (_, type, encoding, text, hits) => {
    const bytes = encoding === 'gzip' ? gzipSync(text) : Buffer.from(text);
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, {
        'content-type': type,
        etag: '"1"',
        ...(encoding !== '' && { 'content-encoding': encoding }),
      });
      res.end(bytes);
    });
    const { url, entries } = await fixture.proxy(upstream, { mode });
    const { socket, read } = fixture.raw(url);
    const body = JSON.stringify(ask('hi'));
    socket.write(`POST /v1/chat/completions HTTP/1.0\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    const wire = await read();
    expect(wire.slice(wire.indexOf('\r\n\r\n') + 4)).toBe(bytes.toString('latin1'));
    // A stream that the verdict is written into does not have the bytes that the backend vouches for.
    const vouched = mode === 'shadow' || type === 'application/json' || encoding !== '';
    expect(wire.includes('etag: "1"')).toBe(vouched);
    // Judged on the side, so perhaps after the client has it.
    const found = () => entries.filter((entry) => entry.hits.length > 0);
    while (found().length < hits) await new Promise((resolve) => setImmediate(resolve));
    expect(found()).toHaveLength(hits);
    for (const entry of found()) expect(entry).toMatchObject({ direction: 'output', action: 'block' });
    if (mode === 'annotate' && type === 'application/json' && text.includes('choices')) {
      expect(wire).toContain('x-moderation-output-action: block');
      expect(wire).toContain('x-moderation-output-categories: abusive');
    }
  });

  it('refuses nothing', async () => {
    const upstream = await fixture.upstream((_req, res) => res.end('ok'));
    const { url, entries } = await fixture.proxy(upstream, { mode, unscreened: 'refuse' });
    expect((await fetch(`${url}/v1/files`, { method: 'POST', body: 'x' })).status).toBe(200);
    expect(entries).toMatchObject([{ outcome: 'unscreened', applied: 'allow' }]);
  });

  it('records what a stream held when the backend breaks it off, and cuts the client', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(frame('a zorgblat'), () => setImmediate(() => res.destroy()));
    });
    const { url, entries } = await fixture.proxy(upstream, { mode });
    await expect(post(url, JSON.stringify(ask('hi'))).then((answer) => answer.text())).rejects.toThrow();
    expect(entries.filter((entry) => entry.hits.length > 0)).toMatchObject([{ direction: 'output', action: 'block' }]);
  });
});

describe('another pipeline', () => {
  it('takes over between two requests, its limits too; what runs on the old one ends there', async () => {
    const held = signal<() => void>();
    const upstream = await fixture.upstream(async (req, res) => {
      const body = (await bodyOf(req)).toString();
      if (body.includes('slow')) held.resolve(() => sendJson(res, reply('late')));
      else if (!body.includes('mute')) sendJson(res, reply('a quux'));
    });
    const { screen } = await fixture.proxy(upstream);
    const { config } = screen.deps;
    const limits = { ...config.limits, upstreamIdleTimeoutMs: 100 };
    const other = createScreen({ ...screen.deps, config: { ...config, limits }, metrics: createMetrics() });
    let current = screen;
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const proxy = createProxy({ screen: () => current, upstream, logger });
    const url = await fixture.listen(proxy.server);
    const slow = post(url, JSON.stringify(ask('slow')));
    const finish = await held.promise;
    current = other;
    expect((await post(url, JSON.stringify(ask('mute')))).status).toBe(504);
    finish();
    expect((await slow).status).toBe(200);
    expect(await other.deps.metrics.registry.getSingleMetricAsString('sluice_upstream_errors_total')).toContain(
      '_total 1',
    );
    await proxy.drain();
  });

  it('names another backend: what has begun goes to the old one, also when it was still being sent', async () => {
    const backend = (name: string) =>
      fixture.upstream(async (req, res) => {
        await bodyOf(req);
        sendJson(res, reply(name));
      });
    const [one, two] = [await backend('one'), await backend('two')];
    const { screen } = await fixture.proxy(one);
    const naming = (upstream: string) => createScreen({ ...screen.deps, config: { ...screen.deps.config, upstream } });
    let current = naming(one);
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const proxy = createProxy({ screen: () => current, upstream: 'http://127.0.0.1:1', logger });
    const url = await fixture.listen(proxy.server);
    const body = JSON.stringify(ask('hi'));
    const { socket, read } = fixture.raw(url);
    const arrived = new Promise((resolve) => proxy.server.once('request', resolve));
    socket.write(
      `POST /v1/chat/completions HTTP/1.0\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    await arrived;
    current = naming(two);
    expect(await (await post(url, body)).text()).toContain('"two"');
    socket.write(body.slice(5));
    expect(await read()).toContain('"one"');
    await proxy.drain();
  });
});
