import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import express, { type RequestHandler } from 'express';
import { answer, ask, CHAT, type SendOptions, send, startApp, stopApps } from '../support/express-app.js';

beforeAll(() => void jest.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(stopApps);

/** Answers with what the handler saw: the body and the verdict. */
const mirror: RequestHandler = (req, res) => {
  const { action, applied, hits } = req.sluice ?? {};
  const kind = Buffer.isBuffer(req.body) ? 'buffer' : typeof req.body;
  const content = kind === 'object' ? req.body.messages[0].content : JSON.parse(String(req.body)).messages[0].content;
  res.json({ kind, content, action, applied, categories: hits?.map(({ category }) => category) });
};

const PARSERS: [name: string, before: RequestHandler[], kind: string][] = [
  ['no parser', [], 'object'],
  ['express.json()', [express.json()], 'object'],
  ['express.text()', [express.text({ type: '*/*' })], 'string'],
  ['express.raw()', [express.raw({ type: '*/*' })], 'buffer'],
  ['a parser that skips the body', [express.urlencoded({ extended: true })], 'object'],
  [
    'a parser that leaves an empty object',
    [
      (req, _res, next) => {
        req.body = {};
        next();
      },
    ],
    'object',
  ],
];

describe('the handler sees the body and the verdict', () => {
  test.each(PARSERS)('after %s', async (_, before, kind) => {
    const app = await startApp({ before, handler: mirror });
    const harmless = await send(app, { body: ask('good morning') });
    expect(JSON.parse(String(harmless.body))).toEqual({
      kind,
      content: 'good morning',
      action: 'allow',
      applied: 'allow',
      categories: [],
    });
    const redacted = await send(app, { body: ask('one quux two') });
    expect(JSON.parse(String(redacted.body))).toEqual({
      kind,
      content: 'one # two',
      action: 'redact',
      applied: 'redact',
      categories: ['abusive'],
    });
  });

  test.each(PARSERS)('a blocked one never reaches it: %s', async (_, before) => {
    const handler = jest.fn(mirror);
    const app = await startApp({ before, handler });
    const { status, headers, body } = await send(app, { body: ask('a zorgblat') });
    expect(status).toBe(400);
    expect(headers).toMatchObject({ 'x-should-retry': 'false', 'content-type': 'application/json' });
    expect(JSON.parse(String(body)).error).toMatchObject({ code: 'content_filter', param: 'messages' });
    expect(String(body)).not.toContain('zorgblat');
    expect(handler).not.toHaveBeenCalled();
    const [row] = await app.rows();
    expect(row).toMatchObject({ request_id: headers['x-request-id'], applied: 'block', direction: 'input' });
  });

  test('the verdict holds no text', async () => {
    let seen = '';
    const app = await startApp({
      handler: (req, res) => {
        seen = JSON.stringify(req.sluice);
        res.end();
      },
    });
    await send(app, { body: ask('one quux two') });
    expect(seen).toContain('"abusive"');
    expect(seen).not.toContain('quux');
  });
});

describe('whoever reads the request after us', () => {
  /** Collects the request as a proxy does. */
  const piped: RequestHandler = (req, res) => {
    const target = httpRequest({
      port: (req.socket.address() as { port: number }).port,
      path: '/sink',
      method: 'POST',
    });
    for (const name of ['content-length', 'content-encoding', 'content-type', 'transfer-encoding']) {
      const value = req.headers[name];
      if (value !== undefined) target.setHeader(name, value);
    }
    target.on('response', (reply) => reply.pipe(res));
    req.pipe(target);
  };
  const withSink = (handler: RequestHandler, after: RequestHandler[] = []) =>
    startApp({
      build: (app, screening) => {
        app.post('/sink', express.raw({ type: '*/*' }), (req, res) => void res.type('json').send(req.body));
        app.use(screening, ...after);
        app.post(CHAT, handler);
      },
    });
  const plain = JSON.stringify(ask('one quux'));
  const masked = JSON.stringify(ask('one #'));
  const requests: [name: string, options: SendOptions][] = [
    ['a body with a length', { body: plain, headers: { 'content-length': String(plain.length) } }],
    ['a chunked body', { body: plain, headers: { 'transfer-encoding': 'chunked' } }],
    ['a gzipped body', { body: gzipSync(plain), headers: { 'content-encoding': 'gzip' } }],
  ];

  test.each(requests)('pipes the screened body: %s', async (_, options) => {
    const { status, body } = await send(await withSink(piped), options);
    expect([status, String(body)]).toEqual([200, masked]);
  });

  test.each(requests)('parses the screened body: %s', async (_, options) => {
    const app = await withSink((req, res) => void res.type('json').send(req.body), [express.json()]);
    const { status, body } = await send(app, options);
    expect([status, String(body)]).toEqual([200, masked]);
  });

  test('gets a body of which every reader reads the same: the last of repeated keys', async () => {
    const twice = '{"messages":[{"role":"user","content":"a zorgblat"}],"messages":[{"role":"user","content":"hi"}]}';
    const { body } = await send(await withSink(piped), { body: twice });
    expect(String(body)).toBe('{"messages":[{"role":"user","content":"hi"}]}');
  });

  test('gets the sent bytes in mode shadow', async () => {
    const odd = '{ "messages": [ {"role":"user","content":"a zorgblat"} ], "n": 1.0 }';
    const app = await startApp({
      config: { mode: 'shadow' },
      handler: async (req, res) => {
        let text = '';
        for await (const part of req) text += part;
        res.type('text').send(text);
      },
    });
    expect(String((await send(app, { body: odd })).body)).toBe(odd);
  });

  test('gets a body of another shape untouched, large or empty', async () => {
    const app = await startApp({
      build: (server, screening) => {
        server.use(screening);
        server.post('/upload', async (req, res) => {
          let bytes = 0;
          for await (const part of req) bytes += part.length;
          res.json({ bytes, parsed: typeof req.body });
        });
      },
    });
    const octets = { 'content-type': 'application/octet-stream' };
    const large = await send(app, { path: '/upload', body: Buffer.alloc(3_000_000), headers: octets });
    expect(JSON.parse(String(large.body))).toEqual({ bytes: 3_000_000, parsed: 'undefined' });
    const array = await send(app, { path: '/upload', body: '[1, 2]' });
    expect(JSON.parse(String(array.body))).toEqual({ bytes: 6, parsed: 'object' });
    const broken = await send(app, { path: '/upload', body: '{"a"' });
    expect(JSON.parse(String(broken.body))).toEqual({ bytes: 4, parsed: 'undefined' });
    const empty = await send(app, { path: '/upload' });
    expect(JSON.parse(String(empty.body))).toEqual({ bytes: 0, parsed: 'undefined' });
  });
});

describe('a body that cannot be read', () => {
  test.each<[name: string, options: SendOptions, status: number]>([
    ['broken JSON', { body: '{"a"' }, 400],
    ['nested too deep', { body: '['.repeat(99) + ']'.repeat(99) }, 400],
    ['too large', { body: ask('x'.repeat(50_000)) }, 413],
    ['too large once decoded', { body: gzipSync('[]'.padEnd(9000)), headers: { 'content-encoding': 'gzip' } }, 413],
    ['corrupt gzip', { body: 'nope', headers: { 'content-encoding': 'gzip' } }, 400],
    ['an unknown encoding', { body: 'x', headers: { 'content-encoding': 'x9' } }, 415],
    ['an unknown charset', { body: '{}', headers: { 'content-type': 'application/json; charset=utf-16' } }, 415],
  ])('%s: a clear answer, and the handler does not run', async (_, options, status) => {
    const handler = jest.fn(mirror);
    const app = await startApp({ handler, config: { limits: { maxBodyBytes: 2000 } } });
    const received = await send(app, options);
    expect([received.cut, received.status]).toEqual([false, status]);
    expect(JSON.parse(String(received.body)).error).toMatchObject({ code: 'err_sluice_body' });
    expect(handler).not.toHaveBeenCalled();
  });

  test('a client that goes away in the middle leaves nothing behind', async () => {
    const handler = jest.fn(mirror);
    const app = await startApp({ handler });
    const head = `POST ${CHAT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"a"`;
    const arrived = new Promise((resolve) => app.server.once('request', (req) => req.once('close', resolve)));
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1', () => socket.write(head));
    app.server.once('request', () => socket.destroy());
    await arrived;
    expect((await send(app, { body: ask('hi') })).status).toBe(200);
    expect(handler).toHaveBeenCalledTimes(1);
  });
});

test('Expect: 100-continue is answered and the body is screened', async () => {
  const app = await startApp({ handler: mirror });
  const text = JSON.stringify(ask('a zorgblat'));
  let continued = false;
  const status = await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': text.length, expect: '100-continue' };
    const req = httpRequest(`${app.url}${CHAT}`, { method: 'POST', headers });
    req.on('continue', () => {
      continued = true;
      req.end(text);
    });
    req.on('error', reject).on('response', (res) => {
      res.resume();
      resolve(res.statusCode);
    });
    req.flushHeaders();
  });
  expect([continued, status]).toEqual([true, 400]);
});

test.each(['PUT', 'PATCH', 'GET'])('a chat body is screened with %s too, on any path', async (method) => {
  const app = await startApp({
    build: (server, screening) => {
      server.use(screening);
      server.all('/talk', (_req, res) => void res.json(answer('a zorgblat')));
    },
  });
  const options = { method, path: '/talk' };
  const length = (body: object) => ({ 'content-length': String(JSON.stringify(body).length) });
  const bad = ask('a zorgblat');
  expect((await send(app, { ...options, body: bad, headers: length(bad) })).status).toBe(400);
  const good = ask('hello');
  const { status, body } = await send(app, { ...options, body: good, headers: length(good) });
  expect([status, JSON.parse(String(body)).choices[0].finish_reason]).toEqual([200, 'content_filter']);
});
