import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { RequestHandler } from 'express';
import { answer, ask, CHAT, chunk, pieces, send, startApp, stopApps } from '../support/express-app.js';

// Express prints every error that a handler throws.
beforeAll(() => void jest.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(stopApps);

const JSON_TYPE = { 'content-type': 'application/json' };
const HARMLESS = JSON.stringify(answer('good morning'));

/** Ways to write a reply; `text` is the whole body. */
const WAYS: [name: string, write: (text: string) => RequestHandler][] = [
  ['res.json', (text) => (_req, res) => void res.json(JSON.parse(text))],
  ['res.status.send of a string', (text) => (_req, res) => void res.status(201).type('json').send(text)],
  ['res.send of a buffer', (text) => (_req, res) => void res.type('json').send(Buffer.from(text))],
  ['res.send of JSON that is named HTML', (text) => (_req, res) => void res.send(text)],
  ['end alone, with no header at all', (text) => (_req, res) => void res.end(text)],
  [
    'end with encoding and callback',
    (text) => (_req, res) => void res.type('json').end(Buffer.from(text).toString('hex'), 'hex', () => undefined),
  ],
  [
    'write, write, end',
    (text) => (_req, res) => {
      res.type('json');
      res.write(text.slice(0, 9));
      res.write(Buffer.from(text.slice(9, 20)));
      res.end(text.slice(20));
    },
  ],
  [
    'a UTF-8 character cut by writes',
    (text) => (_req, res) => {
      const bytes = Buffer.from(text.replace('"m"', '"mé"'));
      res.type('json');
      for (const byte of bytes) res.write(Uint8Array.of(byte));
      res.end();
    },
  ],
  ['a piped stream', (text) => (_req, res) => void pieces(text.slice(0, 5), text.slice(5)).pipe(res.type('json'))],
  ['writeHead with an object', (text) => (_req, res) => void res.writeHead(202, JSON_TYPE).end(text)],
  [
    'writeHead with a reason and an object',
    (text) => (_req, res) => void res.writeHead(200, 'Fine', { ...JSON_TYPE, 'set-cookie': ['a=1', 'b=2'] }).end(text),
  ],
  [
    'writeHead with a flat array',
    (text) => (_req, res) =>
      void res.writeHead(200, ['Content-Type', 'application/json', 'Set-Cookie', 'a=1']).end(text),
  ],
  [
    'writeHead with pairs over progressive headers',
    (text) => (_req, res) => {
      res.setHeader('x-kept', 'yes');
      res.setHeader('content-type', 'text/plain');
      res.writeHead(200, ['Content-Type', 'application/json']);
      res.end(text);
    },
  ],
  [
    'writeHead with a length',
    (text) => (_req, res) =>
      void res.writeHead(200, { ...JSON_TYPE, 'content-length': Buffer.byteLength(text) }).end(text),
  ],
  [
    'flushHeaders first',
    (text) => (_req, res) => {
      res.type('json').flushHeaders();
      res.end(text);
    },
  ],
  [
    'a status set after the head',
    (text) => (_req, res) => {
      res.statusMessage = 'Own words';
      res.writeHead(200, JSON_TYPE);
      res.statusCode = 500;
      res.statusMessage = 'Too late';
      res.end(text);
    },
  ],
  [
    'trailers',
    (text) => (_req, res) => {
      res.writeHead(200, { ...JSON_TYPE, trailer: 'x-end' });
      res.write(text);
      res.addTrailers({ 'x-end': 'done' });
      res.end();
    },
  ],
  [
    'gzip by the handler',
    (text) => (_req, res) => void res.type('json').set('content-encoding', 'gzip').send(gzipSync(text)),
  ],
];

/** Replies without text for us to judge. */
const OTHERS: [name: string, handler: RequestHandler][] = [
  ['204', (_req, res) => void res.status(204).end()],
  ['sendStatus', (_req, res) => void res.sendStatus(200)],
  ['an empty 200', (_req, res) => void res.end()],
  ['plain text', (_req, res) => void res.type('text').send('good morning')],
  ['bytes', (_req, res) => void res.type('png').send(Buffer.from([0x89, 0x50, 0, 255]))],
  ['an error in JSON', (_req, res) => void res.status(429).json({ error: { message: 'slow down', code: 'busy' } })],
  ['an error in text', (_req, res) => void res.status(503).send('over there')],
  ['an error page with broken JSON', (_req, res) => void res.status(500).type('json').send('{"half')],
  ['a redirect', (_req, res) => void res.redirect('/elsewhere')],
  ['a throw', () => Promise.reject(Object.assign(new Error('no'), { status: 418 }))],
  ['next with an error', (_req, _res, next) => next(Object.assign(new Error('no'), { status: 409 }))],
  ['no answer by anyone', (_req, _res, next) => next()],
];

async function both(handler: RequestHandler, request: Parameters<typeof send>[1]) {
  const received = [];
  for (const screened of [true, false]) {
    const app = await startApp({ handler, screened });
    const { headers, body, ...rest } = await send(app, request);
    const { date: _date, ...own } = headers;
    received.push({ ...rest, headers: own, body: body.toString('latin1') });
  }
  return received;
}

describe('a harmless reply is the same as without sluice', () => {
  test.each(WAYS)('%s', async (_, write) => {
    const [screened, bare] = await both(write(HARMLESS), { body: ask('hi') });
    expect(bare!.status).toBeLessThan(300);
    expect(screened).toEqual(bare);
  });

  test.each(OTHERS)('%s', async (_, handler) => {
    const [screened, bare] = await both(handler, { body: ask('hi') });
    expect(bare!.cut).toBe(false);
    expect(screened).toEqual(bare);
  });

  test.each(WAYS.slice(0, 4))('HEAD: %s', async (_, write) => {
    const [screened, bare] = await both(write(HARMLESS), { method: 'HEAD' });
    expect(bare!.body).toHaveLength(0);
    expect(screened).toEqual(bare);
  });

  test('GET with If-None-Match gives 304 by express', async () => {
    const app = await startApp({ handler: (_req, res) => void res.json(answer('good morning')) });
    const first = await send(app, { method: 'GET' });
    const second = await send(app, { method: 'GET', headers: { 'if-none-match': first.headers.etag! } });
    expect([first.status, second.status, second.body.length]).toEqual([200, 304, 0]);
    expect(second.headers.etag).toBe(first.headers.etag);
  });
});

describe('a blocked reply is replaced', () => {
  test.each(WAYS)('%s', async (_, write) => {
    const app = await startApp({ handler: write(JSON.stringify(answer('a zorgblat'))) });
    const { status, headers, body, cut } = await send(app, { body: ask('hi') });
    expect([cut, status < 300]).toEqual([false, true]);
    expect(JSON.parse(String(body)).choices[0].finish_reason).toBe('content_filter');
    expect(String(body)).not.toContain('zorgblat');
    expect(headers.etag).toBeUndefined();
    expect(headers['content-encoding']).toBeUndefined();
    if (headers['content-length'] !== undefined) expect(Number(headers['content-length'])).toBe(body.length);
  });
});

describe('a redacted reply', () => {
  test.each(WAYS)('%s', async (_, write) => {
    const app = await startApp({ handler: write(JSON.stringify(answer('one quux two'))) });
    const { headers, body } = await send(app, { body: ask('hi') });
    expect(JSON.parse(String(body)).choices[0].message.content).toBe('one # two');
    expect(headers.etag).toBeUndefined();
    if (headers['content-length'] !== undefined) expect(Number(headers['content-length'])).toBe(body.length);
  });

  test('loses every header that vouches for the old bytes and keeps the others', async () => {
    const handler: RequestHandler = (_req, res) => {
      const text = JSON.stringify(answer('one quux'));
      const digest = createHash('sha256').update(text).digest('base64');
      res.set({ 'content-digest': `sha-256=:${digest}:`, 'cache-control': 'no-store', vary: 'Origin' });
      res.type('json').send(text);
    };
    const { headers } = await send(await startApp({ handler }), { body: ask('hi') });
    expect(headers).toMatchObject({ 'cache-control': 'no-store', vary: 'Origin' });
    expect(headers['content-digest']).toBeUndefined();
  });
});

describe('what the handler sees while its reply is held', () => {
  test('counts as sent, as in Node', async () => {
    const seen: unknown[] = [];
    const handler: RequestHandler = (_req, res) => {
      seen.push(res.headersSent, res.writableEnded);
      seen.push(res.type('json').write(HARMLESS.slice(0, 5)));
      seen.push(res.headersSent, res.writableEnded);
      for (const change of [
        () => res.setHeader('a', 'b'),
        () => res.removeHeader('a'),
        () => res.writeHead(200),
        () => res.json({}),
      ]) {
        try {
          change();
          seen.push('nothing thrown');
        } catch (error) {
          seen.push((error as { code: string }).code);
        }
      }
      res.end(HARMLESS.slice(5));
      seen.push(res.writableEnded);
    };
    const app = await startApp({ handler });
    expect(String((await send(app, { body: ask('hi') })).body)).toBe(HARMLESS);
    const sent = 'ERR_HTTP_HEADERS_SENT';
    expect(seen).toEqual([false, false, true, true, false, sent, sent, sent, sent, true]);
  });

  test.each<[name: string, call: RequestHandler, code: string]>([
    ['write of a number', (_req, res) => res.write(1 as never), 'ERR_INVALID_ARG_TYPE'],
    ['write of null', (_req, res) => res.write(null), 'ERR_STREAM_NULL_VALUES'],
    ['a status out of range', (_req, res) => res.writeHead(99), 'ERR_HTTP_INVALID_STATUS_CODE'],
    ['odd header arrays', (_req, res) => res.writeHead(200, ['a']), 'ERR_INVALID_ARG_VALUE'],
    ['an invalid header', (_req, res) => res.writeHead(200, { a: 'b\nc' }), 'ERR_INVALID_CHAR'],
  ])('misuse throws as in Node: %s', async (_, call, code) => {
    let thrown: unknown;
    const handler: RequestHandler = (req, res, next) => {
      try {
        call(req, res, next);
      } catch (error) {
        thrown = error;
      }
      res.end();
    };
    await send(await startApp({ handler }), { body: ask('hi') });
    expect(thrown).toMatchObject({ code });
  });

  test('callbacks come in order, and that of end after finish', async () => {
    const order: string[] = [];
    const handler: RequestHandler = async (_req, res) => {
      res.on('finish', () => order.push('finish'));
      // Waits for each callback before it goes on, so a callback that never comes would hang.
      await new Promise<void>((resolve) => res.type('json').write(HARMLESS.slice(0, 5), () => resolve()));
      order.push('write');
      await new Promise<void>((resolve) => res.write(HARMLESS.slice(5), 'utf8', () => resolve()));
      order.push('write');
      res.end(() => order.push('end'));
      res.end((error: unknown) => order.push((error as { code: string }).code));
    };
    const app = await startApp({ handler });
    expect(String((await send(app, { body: ask('hi') })).body)).toBe(HARMLESS);
    expect(order.slice(0, 2)).toEqual(['write', 'write']);
    expect(order.indexOf('end')).toBeGreaterThan(order.indexOf('finish'));
    expect(order).toContain('ERR_STREAM_ALREADY_FINISHED');
  });

  test('write after end is the error it is in Node', async () => {
    const failed = new Promise((resolve) => {
      void startApp({
        handler: (_req, res) => {
          res.on('error', resolve);
          res.json(answer('hi'));
          expect(res.write('more')).toBe(false);
        },
      }).then((app) => send(app, { body: ask('hi') }));
    });
    expect(await failed).toMatchObject({ code: 'ERR_STREAM_WRITE_AFTER_END' });
  });
});

describe('a handler that fails', () => {
  test('before the head: the error handler of the app answers', async () => {
    const app = await startApp({
      build: (server, screening) => {
        server.use(screening);
        server.post(CHAT, () => {
          throw new Error('no');
        });
        server.use(((_error, _req, res, _next) => {
          res.status(500).json({ error: { message: 'sorry' } });
        }) as import('express').ErrorRequestHandler);
      },
    });
    const { status, body } = await send(app, { body: ask('hi') });
    expect([status, String(body)]).toEqual([500, '{"error":{"message":"sorry"}}']);
  });

  test.each<[name: string, contentType: string, head: string]>([
    ['a whole reply', 'application/json', HARMLESS.slice(0, 20)],
    ['a stream', 'text/event-stream', chunk('good ')],
  ])('after the head of %s: the client sees a cut', async (_, type, head) => {
    const app = await startApp({
      handler: (_req, res) => {
        res.type(type).write(head);
        throw new Error('no');
      },
    });
    const { cut, body } = await send(app, { body: ask('hi') });
    expect(cut).toBe(true);
    if (type === 'application/json') expect(body).toHaveLength(0);
  });

  test.each<[name: string, cutter: RequestHandler]>([
    ['res.destroy', (_req, res) => void res.destroy()],
    ['req.socket.destroy', (req) => void req.socket.destroy()],
  ])('%s cuts, and later writes and end do no harm', async (_, cutter) => {
    const results: unknown[] = [];
    const closed = new Promise<void>((resolve) => {
      void startApp({
        handler: (req, res, next) => {
          res.on('close', () => {
            const done = (error?: Error | null): number => results.push((error as { code?: string } | null)?.code);
            results.push(res.write('x', done));
            res.end(() => resolve());
          });
          res.type('json').write(HARMLESS.slice(0, 5));
          cutter(req, res, next);
        },
      }).then(async (app) => results.push((await send(app, { body: ask('hi') })).cut));
    });
    await closed;
    expect(results).toContain(false);
    expect(results).toContain('ERR_STREAM_DESTROYED');
  });
});

describe('a reply that cannot be screened', () => {
  const handlers: [name: string, handler: RequestHandler, config: object][] = [
    ['is larger than the limit', (_req, res) => void res.json(answer('x'.repeat(3000))), {}],
    [
      'decodes to more than the limit',
      (_req, res) =>
        void res
          .type('json')
          .set('content-encoding', 'gzip')
          .send(gzipSync('[]'.padEnd(9000))),
      {},
    ],
    ['is broken JSON', (_req, res) => void res.type('json').send('{"a"'), {}],
    ['is nested too deep', (_req, res) => void res.type('json').send('['.repeat(99) + ']'.repeat(99)), {}],
    ['has an unknown encoding', (_req, res) => void res.type('json').set('content-encoding', 'x9').send('{}'), {}],
    [
      'is a stream with an unknown encoding',
      (_req, res) => void res.type('text/event-stream').set('content-encoding', 'x9').send(chunk('hi')),
      {},
    ],
    ['is corrupt gzip', (_req, res) => void res.type('json').set('content-encoding', 'gzip').send('nope'), {}],
    ['is text on a route that refuses it', (_req, res) => void res.type('png').send('x'), { unscreened: 'refuse' }],
  ];

  test.each(handlers)('%s: an error in the shape of the format', async (_, handler, config) => {
    const app = await startApp({ handler, config: { limits: { maxBodyBytes: 2000 }, ...config } });
    const { status, headers, body, cut } = await send(app, { body: ask('hi') });
    expect([cut, status, headers['content-type']]).toEqual([false, 502, 'application/json']);
    expect(JSON.parse(String(body))).toMatchObject({ error: { type: 'api_error', code: 'unscreened_reply' } });
    expect(await app.rows()).toMatchObject([{ outcome: 'unscreened', direction: 'output', applied: 'block' }]);
  });

  test.each([
    ['is answered at the limit', 'x', false],
    ['of white space is cut at the limit', ' ', true],
  ])('an endless one %s, and the handler is told', async (_, char, cut) => {
    let written = 0;
    const stopped = new Promise<void>((resolve) => {
      void startApp({
        config: { limits: { maxBodyBytes: 100_000 } },
        handler: async (_req, res) => {
          res.on('close', resolve);
          res.type('json');
          while (!res.closed) {
            written += 1000;
            await new Promise((next) => res.write(char.repeat(1000), next));
            await new Promise((next) => setImmediate(next));
          }
        },
      }).then(async (app) => {
        expect(await send(app, { body: ask('hi') })).toMatchObject({ status: cut ? 200 : 502, cut });
      });
    });
    await stopped;
    expect(written).toBeLessThan(1_000_000);
  });
});

test('keep-alive: one connection serves screened, blocked and changed replies in turn', async () => {
  const { Agent, request } = await import('node:http');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const app = await startApp({ handler: (req, res) => void res.json(answer(req.body.messages[0].content)) });
  const ports = new Set<number>();
  const say = (content: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const req = request(`${app.url}${CHAT}`, { method: 'POST', agent, headers: JSON_TYPE });
      req.on('error', reject).on('response', (res) => {
        ports.add(req.socket!.localPort!);
        let text = '';
        res.on('data', (part) => {
          text += part;
        });
        res.on('end', () => resolve(text));
      });
      req.end(JSON.stringify(ask(content)));
    });
  expect(await say('hi')).toContain('"hi"');
  expect(await say(`long ${'x'.repeat(200_000)}`)).toContain('xxx');
  expect(await say('zorgblat')).toContain('content_filter');
  expect(await say('one quux')).toContain('one #');
  expect(ports.size).toBe(1);
  agent.destroy();
});
