import { request } from 'node:http';
import { ask, bodyOf, DONE, frame, ProxyFixture, reply, sendJson, signal } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());

/** A backend that repeats the last message, and keeps what it was sent. */
async function echo() {
  const seen: { body: Buffer; type: string | undefined }[] = [];
  const url = await fixture.upstream(async (req, res) => {
    const body = await bodyOf(req);
    seen.push({ body, type: req.headers['content-type'] });
    sendJson(res, reply(JSON.parse(body.toString()).messages.at(-1).content));
  });
  return { url, seen };
}
const post = (url: string, body: Buffer | string, type = 'application/json') =>
  fetch(`${url}/v1/chat/completions`, { method: 'POST', body, headers: { 'content-type': type } });
const nested = (levels: number) =>
  JSON.stringify(ask('hi')).replace(/}$/, `,"x":${'['.repeat(levels)}${']'.repeat(levels)}}`);

describe('a bad request', () => {
  it.each([
    ['JSON that is none', '{"messages": [', 'application/json', 400, /not valid JSON/],
    ['no body', '', 'application/json', 400, /not valid JSON/],
    ['deep nesting', nested(100_000), 'application/json', 400, /nested deeper than 64 levels/],
    ['a form', 'model=m&messages=hi', 'application/x-www-form-urlencoded', 400, /not valid JSON/],
    ['another charset', JSON.stringify(ask('hi')), 'application/json; charset="utf-16le"', 415, /charset/],
    [
      'too many values',
      JSON.stringify(ask('hi', { x: Array(100_000).fill(1) })),
      'application/json',
      413,
      /more than 100000 values/,
    ],
    ['too many bytes', JSON.stringify(ask('x'.repeat(200_000))), 'application/json', 413, /larger than 100000 bytes/],
  ])('with %s is told so', async (_, body, type, status, message) => {
    const { url: upstream, seen } = await echo();
    const { url } = await fixture.proxy(upstream, {
      limits: { maxBodyBytes: message.source.includes('bytes') ? 100_000 : 1_000_000 },
    });
    const answer = await post(url, body, type);
    const { error } = (await answer.json()) as { error: { message: string } };
    expect(answer.status).toBe(status);
    expect(error).toMatchObject({ type: 'invalid_request_error', param: null, code: 'err_sluice_body' });
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/\bat \w+ \(|\.ts/);
    expect(answer.headers.get('x-request-id')).toBeTruthy();
    expect(seen).toEqual([]);
  });

  it('of 50 MB is refused before it is sent, and the client reads why', async () => {
    const { url } = await fixture.proxy('http://127.0.0.1:1');
    const { socket, read } = fixture.raw(url);
    socket.write('POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 52428800\r\n\r\n{');
    expect(await read((text) => text.includes('larger than'))).toMatch(/^HTTP\/1\.1 413[\s\S]*connection: close/i);
  });

  it.each([
    ['of a known length', { 'content-length': String(50 * 1024 * 1024) }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('of 50 MB %s that is sent all the same gets its 413', async (_, headers) => {
    const { url } = await fixture.proxy('http://127.0.0.1:1');
    const answered = signal<number | undefined>();
    const closed = signal();
    const req = request(`${url}/v1/chat/completions`, { method: 'POST', headers }, (res) => {
      res.resume().on('close', closed.resolve);
      answered.resolve(res.statusCode);
    });
    req.on('error', () => answered.resolve(undefined));
    const block = Buffer.alloc(1024 * 1024, 32);
    req.setMaxListeners(0);
    for (let sent = 0; sent < 50 && !req.destroyed; sent += 1) {
      if (!req.write(block)) await new Promise<void>((resolve) => req.once('drain', resolve).once('close', resolve));
    }
    req.end();
    expect(await answered.promise).toBe(413);
    await closed.promise;
  });

  it('is answered also to a client that reads nothing before it has sent everything', async () => {
    const { url } = await fixture.proxy('http://127.0.0.1:1');
    const { socket, read } = fixture.raw(url);
    socket.pause();
    const bytes = 20 * 1024 * 1024;
    socket.write(`POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`);
    const block = Buffer.alloc(1024 * 1024, 32);
    for (let sent = 0; sent < bytes; sent += block.length) {
      await new Promise<void>((resolve) => socket.write(block, () => resolve()));
    }
    socket.resume();
    expect(await read()).toMatch(/^HTTP\/1\.1 413/);
  });

  it('does not grow the memory by the size of its body', async () => {
    const { url } = await fixture.proxy('http://127.0.0.1:1', { limits: { maxBodyBytes: 1_000_000 } });
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }, 1);
    const body = async function* (): AsyncGenerator<Uint8Array> {
      for (let sent = 0; sent < 3200; sent += 1) yield new Uint8Array(16 * 1024);
    };
    const options = { method: 'POST', duplex: 'half', body: ReadableStream.from(body()) };
    await fetch(`${url}/v1/chat/completions`, options as RequestInit).then(
      (answer) => answer.text(),
      () => undefined,
    );
    clearInterval(watch);
    expect(peak).toBeLessThan(25_000_000);
  });

  it('leaves the connection usable when its body was read', async () => {
    const { url: upstream } = await echo();
    const { url } = await fixture.proxy(upstream);
    const { socket, read } = fixture.raw(url);
    const send = (body: string): boolean =>
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    send('{oops');
    await read((text) => text.includes('not valid JSON'));
    send(JSON.stringify(ask('fine')));
    expect(await read((text) => text.includes('"fine"'))).toContain('HTTP/1.1 200 OK');
  });
});

describe('odd but readable requests', () => {
  it.each(['text/plain', 'application/octet-stream', 'application/json;charset=UTF-8', 'text/json'])(
    'are read as JSON, whatever their type (%s), and sent on as JSON',
    async (type) => {
      const { url: upstream, seen } = await echo();
      const { url } = await fixture.proxy(upstream);
      expect((await post(url, JSON.stringify(ask('a zorgblat')), type)).status).toBe(400);
      expect((await post(url, JSON.stringify(ask('fine')), type)).status).toBe(200);
      expect(seen).toHaveLength(1);
      expect(seen[0]?.type).toBe('application/json');
    },
  );

  it.each([
    ['a lone surrogate', '{"messages":[{"role":"user","content":"a \\ud83d b"}]}', 'a \ud83d b'],
    ['a byte order mark', '\uFEFF{"messages":[{"role":"user","content":"hi"}]}', 'hi'],
    [
      'repeated keys',
      '{"messages":[{"role":"user","content":"zorgblat"}],"messages":[{"role":"user","content":"hi"}]}',
      'hi',
    ],
    ['a key that is special', '{"__proto__":{"a":1},"messages":[{"role":"user","content":"hi"}]}', 'hi'],
  ])('with %s: what is screened is what is forwarded', async (_, body, content) => {
    const { url: upstream, seen } = await echo();
    const { url } = await fixture.proxy(upstream);
    expect((await post(url, body)).status).toBe(200);
    const text = seen[0]?.body.toString() ?? '';
    expect(text).toBe(JSON.stringify(JSON.parse(body.replace('\uFEFF', ''))));
    expect(JSON.parse(text).messages[0].content).toBe(content);
  });

  it('with invalid UTF-8: the replacement characters that were screened are forwarded', async () => {
    const { url: upstream, seen } = await echo();
    const { url } = await fixture.proxy(upstream);
    const [head, tail] = JSON.stringify(ask('a | b')).split('|');
    const body = Buffer.concat([Buffer.from(head ?? ''), Buffer.from([0xff, 0xc3]), Buffer.from(tail ?? '')]);
    expect((await post(url, body)).status).toBe(200);
    expect(JSON.parse(seen[0]?.body.toString() ?? '').messages[0].content).toBe('a \ufffd\ufffd b');
  });

  it('with a lone surrogate or invalid UTF-8 in the reply', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(
        Buffer.concat([
          Buffer.from('{"choices":[{"message":{"content":"quux \\udc00 '),
          Buffer.from([0xff]),
          Buffer.from('"}}]}'),
        ]),
      );
    });
    const { url } = await fixture.proxy(upstream);
    const answer = (await (await post(url, JSON.stringify(ask('hi')))).json()) as {
      choices: { message: { content: string } }[];
    };
    expect(answer.choices[0]?.message.content).toBe('# \udc00 \ufffd');
  });
});

describe('the log', () => {
  it('never holds a key, a header, a query or a text, whatever goes wrong', async () => {
    const upstream = await fixture.upstream(async (req, res) => {
      const body = (await bodyOf(req)).toString();
      if (body.includes('cut')) res.destroy();
      else if (body.includes('bad')) {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: private {\n\n');
      } else if (body.includes('half')) {
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        res.write(frame('private reply'), () => res.destroy());
      } else if (body.includes('odd')) res.writeHead(200, { 'content-type': 'application/json' }).end('private {');
      else res.writeHead(200, { 'content-type': 'text/event-stream' }).end(frame('zorgblat it is') + DONE);
    });
    const { url, log } = await fixture.proxy(upstream);
    const headers = { authorization: 'Bearer sk-secret', 'x-api-key': 'sk-secret', cookie: 'private' };
    const bodies = ['cut', 'half', 'bad', 'odd', 'zorgblat', 'fine'].map((text) =>
      JSON.stringify(ask(`private ${text}`)),
    );
    for (const body of [...bodies, '{"private', 'private'.repeat(2)]) {
      const answer = await fetch(`${url}/v1/chat/completions?key=sk-secret`, { method: 'POST', body, headers });
      await answer.text().catch(() => undefined);
    }
    await fetch(`${url}/v1/../private`, { headers });
    expect(log()).toContain('ERR_SLUICE_UPSTREAM');
    expect(log()).toContain('ERR_SLUICE_STREAM');
    expect(log()).toContain('ERR_SLUICE_BODY');
    expect(log()).not.toMatch(/private|sk-secret|zorgblat|Bearer|127\.0\.0\.1/);
  });
});

it.each([
  ['longer than balancers keep one', {}, 'timeout=75'],
  ['as long as the config says', { keepAliveMs: 9_000 }, 'timeout=9'],
])('a connection stays open between requests %s', async (_, limits, told) => {
  const { url: upstream } = await echo();
  const { url } = await fixture.proxy(upstream, { limits });
  const answer = await post(url, JSON.stringify(ask('hi')));
  await answer.text();
  expect(answer.headers.get('keep-alive')).toBe(told);
});
