import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { ConfigError, LexiconError, ModelLoadError, type SluiceError, sluice } from '../../src/index.js';
import { answer, ask, CHAT, chunk, send, startApp, stopApps, testConfig } from '../support/express-app.js';

afterEach(stopApps);

const parrot: RequestHandler = (_req, res) => void res.json(answer('one quux'));

describe('loading', () => {
  test.each<[name: string, config: object]>([
    ['an unknown key', { polices: {} }],
    ['a policy that extends nothing', { policies: { a: { extends: 'nobody' } } }],
    ['a route to no policy', { routes: [{ path: '/x', policy: 'nobody' }] }],
  ])('a bad config throws at once: %s', (_, config) => {
    expect(() => sluice(config)).toThrow(ConfigError);
  });

  test.each<[name: string, config: object, error: new (...args: never[]) => SluiceError]>([
    ['a list that is not there', { lists: ['/nowhere/at/all'] }, LexiconError],
    ['a model that is not there', { classifier: { path: '/nowhere/at/all' } }, ModelLoadError],
  ])('%s rejects ready, warns, and answers 503 through the app', async (_, config, error) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const screening = sluice({ ...testConfig(), ...config });
    await expect(screening.ready).rejects.toBeInstanceOf(error);
    const handler = jest.fn(parrot);
    const app = await startApp({
      build: (server) => {
        server.use(screening);
        server.post(CHAT, handler);
        server.use(((problem, _req, res, _next) => {
          res.status(problem.status).json({ code: problem.code, cause: problem.cause instanceof error });
        }) as ErrorRequestHandler);
      },
    });
    const { status, body } = await send(app, { body: ask('hi') });
    expect([status, JSON.parse(String(body))]).toEqual([
      503,
      { code: expect.stringMatching(/^ERR_SLUICE_/), cause: true },
    ]);
    expect(handler).not.toHaveBeenCalled();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('sluice cannot screen'));
    warn.mockRestore();
    await expect(screening.close()).resolves.toBeUndefined();
  });

  test('requests before it is ready wait', async () => {
    const screening = sluice(testConfig());
    let ready = false;
    void screening.ready.then(() => {
      ready = true;
    });
    const app = await startApp({
      build: (server) => {
        server.use(screening);
        server.post(CHAT, (_req, res) => void res.json({ ready }));
      },
    });
    expect(JSON.parse(String((await send(app, { body: ask('hi') })).body))).toEqual({ ready: true });
    await screening.close();
  });

  test('may be awaited, and closes more than once', async () => {
    const screening = await sluice(testConfig());
    await Promise.all([screening.close(), screening.close()]);
  });

  test('close writes the record', async () => {
    const app = await startApp({ handler: parrot, config: { hitLog: { batchMs: 60_000 } } });
    await send(app, { body: ask('one quux') });
    expect((await app.rows()).map(({ direction, applied }) => [direction, applied])).toEqual([
      ['input', 'redact'],
      ['output', 'redact'],
    ]);
  });
});

describe('what nothing can screen', () => {
  const start = (config: object) =>
    startApp({
      config,
      build: (app, screening) => {
        app.use(screening);
        app.use('/files', express.raw({ type: '*/*' }), (_req, res) => void res.json({ said: 'zorgblat' }));
      },
    });
  const upload = { path: '/files', body: 'zorgblat', headers: { 'content-type': 'application/octet-stream' } };

  test('passes untouched, counted and recorded once', async () => {
    const app = await start({});
    const { status, body } = await send(app, upload);
    expect([status, String(body)]).toEqual([200, '{"said":"zorgblat"}']);
    expect(await app.rows()).toMatchObject([
      { outcome: 'unscreened', direction: 'input', route: '/files', applied: 'allow', category: null },
    ]);
  });

  test('is refused where the config says so', async () => {
    const app = await start({ unscreened: 'refuse' });
    const { status, headers, body } = await send(app, upload);
    expect([status, JSON.parse(String(body)).error.code]).toEqual([403, 'unscreened_path']);
    expect(await app.rows()).toMatchObject([
      { outcome: 'unscreened', applied: 'block', request_id: headers['x-request-id'] },
    ]);
  });

  test('is refused while it is still being sent, and the client reads the answer', async () => {
    const app = await start({ unscreened: 'refuse' });
    const { status, cut } = await send(app, { ...upload, body: Buffer.alloc(5_000_000) });
    expect([cut, status]).toEqual([false, 403]);
  });

  test.each(['GET', 'HEAD', 'OPTIONS'])(
    '%s without a body passes there all the same, and is recorded',
    async (method) => {
      const app = await start({ unscreened: 'refuse' });
      expect((await send(app, { method, path: '/files' })).status).toBe(200);
      expect(await app.rows()).toMatchObject([{ outcome: 'unscreened', direction: 'output', applied: 'allow' }]);
    },
  );

  test('a body that something before us has used up counts as unscreened too', async () => {
    const app = await startApp({
      before: [
        (req, _res, next) => {
          req.resume().on('end', next);
        },
      ],
      handler: parrot,
    });
    const { body } = await send(app, { body: ask('a zorgblat') });
    expect(JSON.parse(String(body)).choices[0].message.content).toBe('one #');
    expect(await app.rows()).toMatchObject([{ outcome: 'unscreened', direction: 'input' }, { direction: 'output' }]);
  });
});

describe('several mounts', () => {
  const twice = (path: string) =>
    startApp({
      build: (app, screening) => {
        const router = express.Router();
        router.use(screening);
        router.post('/chat/completions', (req, res) => void res.json(answer(`${req.body.messages[0].content} quux`)));
        router.post('/other', (_req, res) => void res.json({ said: 'hi' }));
        app.use(screening);
        app.use(path, screening, router);
      },
    });

  test('screen once, by the whole path', async () => {
    const app = await twice('/v1');
    const { body } = await send(app, { body: ask('one blip') });
    expect(JSON.parse(String(body)).choices[0].message.content).toBe('one blip #');
    // Nothing is left of what a first screening redacts, but what it flags would be found again.
    expect((await app.rows()).map(({ direction, route, hit_action }) => [direction, route, hit_action])).toEqual([
      ['input', CHAT, 'flag'],
      ['output', CHAT, 'flag'],
      ['output', CHAT, 'redact'],
    ]);
  });

  test('count what nothing can screen once', async () => {
    const app = await twice('/v1');
    expect((await send(app, { path: '/v1/other', body: { a: 1 } })).status).toBe(200);
    expect(await app.rows()).toMatchObject([{ outcome: 'unscreened', route: '/v1/other' }]);
  });

  test('the stricter one still refuses what the first let pass', async () => {
    const strict = sluice({ ...testConfig(), unscreened: 'refuse' });
    const app = await startApp({
      build: (server, screening) => {
        server.use(screening, strict);
        server.post('/other', (_req, res) => void res.json({}));
      },
    });
    expect((await send(app, { path: '/other', body: { a: 1 } })).status).toBe(403);
    await strict.close();
  });

  test.each<[name: string, path: string]>([
    ['the app', '/'],
    ['a path', '/v1'],
    ['a deep path', '/v1/chat'],
  ])('mounted at %s', async (_, path) => {
    const app = await startApp({
      build: (server, screening) => {
        server.use(path, screening);
        server.post(CHAT, parrot);
      },
    });
    const { body } = await send(app, { body: ask('hi') });
    expect(JSON.parse(String(body)).choices[0].message.content).toBe('one #');
  });
});

describe('modes that do not protect', () => {
  const spaced = (content: string): string => JSON.stringify(answer(content), undefined, 1);
  const events = [chunk('one qu'), chunk('ux zorg'), ': note\r\n\r\n', chunk('blat'), 'data: [DONE]\n\n'];
  const handlers: [name: string, handler: RequestHandler][] = [
    ['a whole reply', (_req, res) => void res.type('json').send(spaced('a zorgblat'))],
    [
      'a written reply',
      (_req, res) => {
        res.type('json').write(spaced('a zorgblat').slice(0, 30));
        res.end(spaced('a zorgblat').slice(30));
      },
    ],
    [
      'a stream',
      (_req, res) => {
        res.type('text/event-stream');
        for (const event of events) res.write(event);
        res.end();
      },
    ],
    ['an error', (_req, res) => void res.status(500).json({ error: { message: 'zorgblat' } })],
    ['a broken stream', (_req, res) => void res.type('text/event-stream').end('data: {\n\nmore')],
    ['broken JSON', (_req, res) => void res.type('json').send('{"zorgblat"')],
    ['a broken encoding', (_req, res) => void res.type('json').set('content-encoding', 'gzip').send('zorgblat')],
    [
      'a stream in an unknown encoding',
      (_req, res) => void res.type('text/event-stream').set('content-encoding', 'x9').send('zorgblat'),
    ],
    ['a large reply', (_req, res) => void res.json(answer('zorgblat '.repeat(500)))],
  ];

  for (const mode of ['shadow', 'annotate'] as const) {
    test.each(handlers)(`${mode} changes no byte: %s`, async (_, handler) => {
      const config = { mode, limits: { maxBodyBytes: 2000 }, unscreened: 'refuse' as const };
      const [screened, bare] = await Promise.all(
        [true, false].map(async (on) => {
          const reply = await send(await startApp({ handler, config, screened: on }), { body: ask('a zorgblat') });
          const told = ([name]: [string, unknown]): boolean => !name.startsWith('x-moderation-') && name !== 'date';
          return { ...reply, headers: Object.fromEntries(Object.entries(reply.headers).filter(told)) };
        }),
      );
      expect(screened).toEqual(bare);
    });
  }

  test('shadow records what it would have done', async () => {
    const app = await startApp({ handler: handlers[2]![1], config: { mode: 'shadow' } });
    await send(app, { body: ask('a zorgblat') });
    expect(await app.rows()).toMatchObject([
      { direction: 'input', action: 'block', applied: 'flag', mode: 'shadow' },
      { direction: 'output', action: 'block', applied: 'flag' },
      { direction: 'output', action: 'block', applied: 'flag' },
    ]);
  });

  test('shadow refuses nothing', async () => {
    const app = await startApp({
      config: { mode: 'shadow', unscreened: 'refuse' },
      build: (server, screening) => {
        server.use(screening);
        server.post('/other', (_req, res) => void res.json({}));
      },
    });
    expect((await send(app, { path: '/other', body: { a: 1 } })).status).toBe(200);
  });

  test('annotate tells the client in headers', async () => {
    const app = await startApp({ handler: handlers[0]![1], config: { mode: 'annotate' } });
    const { headers } = await send(app, { body: ask('one quux') });
    expect(headers).toMatchObject({
      'x-moderation-input-action': 'redact',
      'x-moderation-input-categories': 'abusive',
      'x-moderation-output-action': 'block',
      'x-moderation-output-categories': 'abusive',
    });
  });

  test('annotate tells of the request before a stream begins', async () => {
    const app = await startApp({ handler: handlers[2]![1], config: { mode: 'annotate' } });
    const { headers } = await send(app, { body: ask('one quux') });
    expect(headers).toMatchObject({ 'x-moderation-input-action': 'redact' });
    expect(headers['x-moderation-output-action']).toBeUndefined();
  });

  test.each(['shadow', 'enforce'] as const)('%s sends no such header', async (mode) => {
    const app = await startApp({ handler: parrot, config: { mode } });
    const { headers } = await send(app, { body: ask('one quux') });
    expect(Object.keys(headers).filter((name) => name.startsWith('x-moderation'))).toEqual([]);
  });
});
