import { randomBytes } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { ask, bodyOf, ProxyFixture, reply, sendJson, signal } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());

/** Sends a request with node:http, which changes nothing of its own accord. */
function send(
  url: string,
  options: { method?: string; headers?: Record<string, string | string[]>; body?: Buffer | string },
) {
  return new Promise<{
    status: number;
    statusMessage: string;
    headers: IncomingHttpHeaders;
    raw: string[];
    body: Buffer;
  }>((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const req = request(url, { method, headers }, (res) => {
      const { statusCode: status = 0, statusMessage = '', rawHeaders: raw } = res;
      bodyOf(res).then((bytes) => resolve({ status, statusMessage, headers: res.headers, raw, body: bytes }), reject);
    });
    req.on('error', reject);
    req.end(body);
  });
}

/** A backend that keeps what it was asked. */
async function recording() {
  const seen: { method: string; url: string; headers: IncomingHttpHeaders; raw: string[]; body: Buffer }[] = [];
  const url = await fixture.upstream(async (req, res) => {
    const { method = '', url: target = '', headers, rawHeaders: raw } = req;
    seen.push({ method, url: target, headers, raw, body: await bodyOf(req) });
    sendJson(res, req.method === 'POST' && target.includes('chat') ? reply('ok') : { ok: true });
  });
  return { url, seen };
}

describe('a path that no adapter names', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'passes %s byte for byte, both ways',
    async (method) => {
      const sent = randomBytes(5000);
      const got = randomBytes(5000);
      let seen: Buffer | undefined;
      let headers: IncomingHttpHeaders = {};
      const upstream = await fixture.upstream(async (req, res) => {
        seen = await bodyOf(req);
        headers = req.headers;
        expect([req.method, req.url]).toEqual([method, '/v1/files/a%20b?x=1&y=%2F']);
        res.writeHead(207, 'Odd Status', [
          ...['Content-Type', 'application/x-odd', 'ETag', '"e1"', 'Content-Length', String(got.length)],
          ...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Case', 'Kept', 'Cache-Control', 'max-age=5'],
        ]);
        res.end(got);
      });
      const { url, entries, metrics } = await fixture.proxy(upstream);
      const answer = await send(`${url}/v1/files/a%20b?x=1&y=%2F`, {
        method,
        headers: { 'content-type': 'application/x-odd', authorization: 'Bearer k', 'content-length': '5000' },
        body: sent,
      });
      expect(seen?.equals(sent)).toBe(true);
      expect(headers).toMatchObject({
        authorization: 'Bearer k',
        'content-type': 'application/x-odd',
        'content-length': '5000',
      });
      expect([answer.status, answer.statusMessage]).toEqual([207, 'Odd Status']);
      expect(answer.body.equals(got)).toBe(true);
      expect(answer.headers).toMatchObject({
        etag: '"e1"',
        'content-length': '5000',
        'set-cookie': ['a=1', 'b=2'],
        'cache-control': 'max-age=5',
      });
      expect(answer.raw).toContain('X-Case');
      expect(entries).toMatchObject([
        { outcome: 'unscreened', direction: 'input', route: '/v1/files/a%20b', applied: 'allow' },
      ]);
      expect(await metrics.registry.getSingleMetricAsString('sluice_unscreened_total')).toContain(
        'sluice_unscreened_total 1',
      );
    },
  );

  it('passes HEAD with the length of the body that does not come, and an empty status', async () => {
    const upstream = await fixture.upstream((req, res) => {
      if (req.method === 'HEAD') res.writeHead(200, { 'content-length': '1234' }).end();
      else res.writeHead(204).end();
    });
    const { url } = await fixture.proxy(upstream);
    const head = await send(`${url}/x`, { method: 'HEAD' });
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '1234', 0]);
    expect((await send(`${url}/x`, {})).status).toBe(204);
  });

  it('keeps an encoded reply as it is, known encoding or not', async () => {
    const bodies: Record<string, Buffer> = {
      gzip: gzipSync('hello'),
      br: brotliCompressSync('hello'),
      zorg: randomBytes(50),
    };
    const upstream = await fixture.upstream((req, res) => {
      const encoding = (req.url ?? '').slice(1);
      res
        .writeHead(200, { 'content-encoding': encoding, 'x-accept': String(req.headers['accept-encoding']) })
        .end(bodies[encoding]);
    });
    const { url } = await fixture.proxy(upstream);
    for (const [encoding, bytes] of Object.entries(bodies)) {
      const answer = await send(`${url}/${encoding}`, { headers: { 'accept-encoding': 'zorg' } });
      expect(answer.headers).toMatchObject({ 'content-encoding': encoding, 'x-accept': 'zorg' });
      expect(answer.body.equals(bytes)).toBe(true);
    }
  });

  it('keeps an encoded request body as it is', async () => {
    const { url: upstream, seen } = await recording();
    const { url } = await fixture.proxy(upstream);
    const body = gzipSync(' {"input" : "hi"}');
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    await send(`${url}/v1/files`, { method: 'POST', headers, body });
    expect(seen[0]?.headers['content-encoding']).toBe('gzip');
    expect(seen[0]?.body.equals(body)).toBe(true);
  });

  it.each([
    ['white space and repeated keys', ' { "a":1,"a" : 2 } '],
    ['JSON that is none and no chat', '{"input": [NaN'],
    ['deep nesting', '['.repeat(200) + ']'.repeat(200)],
    ['more than the limit, and no object', JSON.stringify(['x'.repeat(3000)])],
  ])('keeps a JSON body with %s byte for byte', async (_, body) => {
    const { url: upstream, seen } = await recording();
    const { url, entries } = await fixture.proxy(upstream, { limits: { maxBodyBytes: 2000 } });
    await send(`${url}/v1/files`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(seen[0]?.body.toString()).toBe(body);
    expect(entries).toMatchObject([{ outcome: 'unscreened' }]);
  });

  it('screens a body that is a chat, whatever the path', async () => {
    const { url: upstream, seen } = await recording();
    const { url } = await fixture.proxy(upstream);
    const headers = { 'content-type': 'application/json' };
    const answer = await send(`${url}/assistant`, { method: 'POST', headers, body: JSON.stringify(ask('a zorgblat')) });
    expect(answer.status).toBe(400);
    expect(seen).toEqual([]);
  });

  it('streams a request: the first half arrives before the second is sent', async () => {
    const half = signal<string>();
    const upstream = await fixture.upstream((req, res) => {
      req.once('data', (bytes: Buffer) => half.resolve(bytes.toString()));
      req.on('end', () => res.end('done'));
    });
    const { url } = await fixture.proxy(upstream);
    const answered = signal<IncomingMessage>();
    const req = request(`${url}/v1/upload`, { method: 'POST' }, answered.resolve);
    req.write('first');
    expect(await half.promise).toBe('first');
    req.end('second');
    expect((await bodyOf(await answered.promise)).toString()).toBe('done');
  });

  it('streams a reply: headers and the first half arrive before the second is sent', async () => {
    const more = signal();
    const upstream = await fixture.upstream(async (_req, res) => {
      res.flushHeaders();
      await more.promise;
      res.end('second');
    });
    const { url } = await fixture.proxy(upstream);
    const answer = await fetch(`${url}/v1/events`);
    more.resolve();
    expect(await answer.text()).toBe('second');
  });

  it('lets a slow client hold back the backend, and a slow backend the client', async () => {
    const total = 64 * 1024 * 1024;
    let sent = 0;
    const stalled = signal();
    const upstream = await fixture.upstream((_req, res) => {
      const block = Buffer.alloc(256 * 1024);
      const pump = (): void => {
        while (sent < total) {
          sent += block.length;
          if (!res.write(block)) {
            // Filled up: with nobody reading, this stays so.
            if (res.writableLength > 0) setImmediate(() => stalled.resolve());
            res.once('drain', pump);
            return;
          }
        }
        res.end();
      };
      pump();
    });
    const { url } = await fixture.proxy(upstream);
    const answered = signal<IncomingMessage>();
    request(`${url}/v1/big`, answered.resolve).end();
    const answer = await answered.promise;
    answer.pause();
    await stalled.promise;
    let before = -1;
    while (before !== sent) {
      before = sent;
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(sent).toBeLessThan(total / 2);
    let got = 0;
    for await (const chunk of answer) got += (chunk as Buffer).length;
    expect(got).toBe(total);
  });

  it('cuts the client when the backend breaks off in the middle', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-length': '1000' });
      res.write('half', () => res.destroy());
    });
    const { url } = await fixture.proxy(upstream);
    await expect(send(`${url}/v1/file`, {})).rejects.toThrow(/aborted|reset/);
  });

  it('answers 502 to a client that is still sending when the backend is down', async () => {
    const { url } = await fixture.proxy('http://127.0.0.1:1');
    const answer = await send(`${url}/v1/file`, { method: 'POST', body: randomBytes(3_000_000) });
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      error: { type: 'api_error', code: 'err_sluice_upstream' },
    });
  });
});

describe('unscreened: refuse', () => {
  const everywhere = { unscreened: 'refuse' };
  const here = { routes: [{ path: '/v1/images/**', unscreened: 'refuse' }] };
  it.each([
    ['a body, refused everywhere', everywhere, 'POST', '/v1/files', 403],
    ['a GET with a body', everywhere, 'GET', '/v1/models', 403],
    ['a DELETE', everywhere, 'DELETE', '/v1/models/m', 403],
    ['a route of its own', here, 'POST', '/v1/images/edits', 403],
    ['a path spelled in another way', here, 'POST', '/v1/%69mages;a=1//edits', 403],
    ['another path', here, 'POST', '/v1/files', 200],
    ['a chat', everywhere, 'POST', '/v1/chat/completions', 200],
  ])('%s', async (_, config, method, path, status) => {
    const { url: upstream, seen } = await recording();
    const { url, entries } = await fixture.proxy(upstream, config);
    const body = path.includes('chat') ? JSON.stringify(ask('hi')) : 'some bytes';
    const answer = await send(`${url}${path}`, { method, body, headers: { 'content-length': String(body.length) } });
    expect(answer.status).toBe(status);
    expect(seen).toHaveLength(status === 403 ? 0 : 1);
    if (status !== 403) return;
    expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { code: 'unscreened_path' } });
    expect(answer.headers['x-request-id']).toBe(entries[0]?.requestId);
    expect(entries).toMatchObject([{ outcome: 'unscreened', applied: 'block' }]);
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('lets %s without a body pass', async (method) => {
    const { url: upstream } = await recording();
    const { url, entries } = await fixture.proxy(upstream, everywhere);
    expect((await send(`${url}/v1/models`, { method })).status).toBe(200);
    expect(entries).toMatchObject([{ outcome: 'unscreened', direction: 'output', applied: 'allow' }]);
  });

  it('refuses GET where the route itself says so', async () => {
    const { url: upstream } = await recording();
    const { url } = await fixture.proxy(upstream, here);
    expect((await send(`${url}/v1/images/1`, {})).status).toBe(403);
  });

  it('lets the official client list models', async () => {
    const upstream = await fixture.upstream((_req, res) => sendJson(res, { object: 'list', data: [{ id: 'm' }] }));
    const { client } = await fixture.proxy(upstream, everywhere);
    expect((await client.models.list()).data).toEqual([{ id: 'm' }]);
  });
});

describe('headers of one connection', () => {
  it('stay on it, both ways, with those that Connection names', async () => {
    let headers: IncomingHttpHeaders = {};
    const upstream = await fixture.upstream((req, res) => {
      headers = req.headers;
      res
        .writeHead(200, {
          Connection: 'x-theirs, close',
          'X-Theirs': '1',
          'Proxy-Authenticate': 'Basic',
          'X-Other': '2',
        })
        .end();
    });
    const { url } = await fixture.proxy(upstream);
    const answer = await send(`${url}/v1/models`, {
      headers: {
        connection: 'keep-alive, X-Ours',
        'x-ours': '1',
        te: 'trailers',
        'proxy-authorization': 'Basic x',
        'keep-alive': '5',
        'x-kept': '2',
      },
    });
    for (const name of ['x-ours', 'te', 'proxy-authorization', 'keep-alive']) expect(headers).not.toHaveProperty(name);
    expect(headers['x-kept']).toBe('2');
    expect(headers.host).toBe(new URL(upstream).host);
    expect(answer.headers['x-other']).toBe('2');
    for (const name of ['x-theirs', 'proxy-authenticate']) expect(answer.headers).not.toHaveProperty(name);
  });

  it.each([
    ['a chat', '/v1/chat/completions', JSON.stringify(ask('hi'))],
    ['another body', '/v1/files', 'bytes'],
  ])('Expect: 100-continue is answered for %s', async (_, path, body) => {
    const { url: upstream, seen } = await recording();
    const { url } = await fixture.proxy(upstream);
    const { socket, read } = fixture.raw(url);
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
    );
    expect(await read((text) => text.includes('\r\n\r\n'))).toMatch(/^HTTP\/1\.1 100 Continue/);
    socket.write(body);
    expect(await read()).toContain('HTTP/1.1 200 OK');
    expect(seen[0]?.headers).not.toHaveProperty('expect');
  });

  it('Expect: 100-continue is not answered when the body will be refused', async () => {
    const { url: upstream } = await recording();
    const { url } = await fixture.proxy(upstream, { unscreened: 'refuse' });
    for (const [path, length, status] of [
      ['/v1/chat/completions', 50_000_000, 413],
      ['/v1/files', 5, 403],
    ] as const) {
      const { socket, read } = fixture.raw(url);
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`);
      expect(await read((text) => text.includes('"error"'))).toMatch(new RegExp(`^HTTP/1\\.1 ${status}`));
    }
  });

  it('Upgrade to a web socket is refused, with a reason', async () => {
    const { url: upstream, seen } = await recording();
    const { url } = await fixture.proxy(upstream);
    const { socket, read } = fixture.raw(url);
    socket.write('GET /v1/realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const answer = await read((text) => text.includes('"error"'));
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    expect(answer).toContain('Web sockets are not supported');
    expect(seen).toEqual([]);
  });

  it('an offer to upgrade to another HTTP version is ignored', async () => {
    const { url: upstream, seen } = await recording();
    const { url } = await fixture.proxy(upstream);
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    expect((await send(`${url}/v1/models`, { headers })).status).toBe(200);
    expect(seen[0]?.headers).not.toHaveProperty('upgrade');
  });
});

describe('the target of a request', () => {
  it.each([
    ['an absolute form', 'http://evil.example/v1/models?a=1', '/base/v1/models?a=1'],
    ['an absolute form without a path', 'http://evil.example?a=1', '/base/?a=1'],
    ['an absolute form with a user', 'http://user@evil.example:99/x', '/base/x'],
    ['two slashes', '//evil.example/v1/models', '/base/evil.example/v1/models'],
    ['an at sign', '/@evil.example/', '/base/@evil.example/'],
    ['a colon and a port', '/:99/x', '/base/:99/x'],
    ['dots', '/v1/../../admin', undefined],
    ['a dot at the end', '/v1/chat/completions/.', undefined],
    ['escaped dots', '/v1/%2e%2E/admin', undefined],
    ['escaped slashes and dots', '/v1/..%2fadmin', undefined],
    ['dots before parameters', '/v1/..;a/admin', undefined],
    ['a backslash', '/\\evil.example/', undefined],
    ['an escaped backslash', '/%5Cevil.example', undefined],
    ['a star', '*', undefined],
  ])('cannot choose another backend or leave its base path by %s', async (_, target, expected) => {
    const { url: upstream, seen } = await recording();
    const { url } = await fixture.proxy(`${upstream}/base/`);
    const { socket, read } = fixture.raw(url);
    const method = target === '*' ? 'OPTIONS' : 'GET';
    socket.write(
      `${method} ${target} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n`,
    );
    const answer = await read();
    if (expected === undefined) {
      expect(answer).toMatch(/^HTTP\/1\.1 400/);
      expect(seen).toEqual([]);
      return;
    }
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(seen.map(({ url: path, headers }) => [path, headers.host])).toEqual([[expected, new URL(upstream).host]]);
  });
});
