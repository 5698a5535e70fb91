import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import compression from 'compression';
import type { RequestHandler, Response } from 'express';
import {
  answer,
  ask,
  chunk,
  openRequest,
  pieces,
  send,
  startApp,
  stopApps,
  streamedText,
} from '../support/express-app.js';

beforeAll(() => void jest.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(stopApps);

const DONE = 'data: [DONE]\n\n';
const events = (...texts: string[]): string[] => [...texts.map((text) => chunk(text)), chunk('', 'stop'), DONE];

/** Ways to write an event stream. */
const WAYS: [name: string, write: (parts: string[]) => RequestHandler][] = [
  [
    'write and end',
    (parts) => (_req, res) => {
      res.set({ 'content-type': 'text/event-stream', etag: '"x"', 'content-length': '9' });
      for (const part of parts) res.write(part);
      res.end();
    },
  ],
  [
    'writeHead, flushHeaders, byte by byte',
    (parts) => (_req, res) => {
      res.writeHead(200, ['Content-Type', 'text/event-stream; charset=utf-8']).flushHeaders();
      for (const byte of Buffer.from(parts.join(''))) res.write(Uint8Array.of(byte));
      res.end();
    },
  ],
  ['all in end', (parts) => (_req, res) => void res.type('text/event-stream').end(parts.join(''))],
  ['pipe', (parts) => (_req, res) => void pieces(...parts).pipe(res.type('text/event-stream'))],
  ['pipeline', (parts) => (_req, res) => pipeline(pieces(...parts), res.type('text/event-stream'))],
  [
    'gzip by the handler',
    (parts) => (_req, res) => {
      res.type('text/event-stream').set('content-encoding', 'gzip');
      pieces(...parts)
        .pipe(createGzip())
        .pipe(res);
    },
  ],
];

describe('an event stream', () => {
  test.each(WAYS)('harmless: %s', async (_, write) => {
    const app = await startApp({ handler: write(events('good ', 'mor', 'ning. 早上好')) });
    const { headers, body, cut } = await send(app, { body: ask('hi', { stream: true }) });
    expect(cut).toBe(false);
    expect(streamedText(String(body))).toBe('good morning. 早上好');
    expect(String(body).endsWith(DONE)).toBe(true);
    for (const name of ['etag', 'content-length', 'content-encoding']) expect(headers[name]).toBeUndefined();
  });

  test.each(WAYS)('redacted over several events: %s', async (_, write) => {
    const app = await startApp({ handler: write(events('one q', 'uu', 'x two')) });
    const { body } = await send(app, { body: ask('hi', { stream: true }) });
    expect(streamedText(String(body))).toBe('one # two');
  });

  test.each(WAYS)('blocked over several events: %s', async (_, write) => {
    const app = await startApp({ handler: write(events('well then zor', 'gbl', 'at', ' it is')) });
    const { status, body, cut } = await send(app, { body: ask('hi', { stream: true }) });
    const wire = String(body);
    expect([status, cut, streamedText(wire)]).toEqual([200, false, 'well then ']);
    expect(wire.match(/content_filter/g)).toHaveLength(1);
    expect(wire.endsWith(DONE)).toBe(true);
    expect(await app.rows()).toMatchObject([{ direction: 'output', applied: 'block', category: 'abusive' }]);
  });

  test('leaves event by event, and its head before the first', async () => {
    let response: Response | undefined;
    const app = await startApp({
      handler: (_req, res) => {
        response = res;
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        res.flushHeaders();
      },
    });
    const reply = await openRequest(app, { body: ask('hi', { stream: true }) });
    let wire = '';
    for (const text of ['one ', 'two ', 'three ']) {
      response!.write(chunk(text));
      wire += (await once(reply, 'data'))[0];
      expect(streamedText(wire).endsWith(text)).toBe(true);
    }
    response!.end();
    await once(reply.resume(), 'end');
  });

  test.each<[name: string, parts: string[]]>([
    ['is not JSON', ['data: {"half\n\n']],
    ['has an event above the limit', [`data: ${'x'.repeat(3000)}`]],
  ])('that %s ends with an error event', async (_, parts) => {
    const app = await startApp({
      handler: WAYS[0]![1]([chunk('good '), ...parts]),
      config: { limits: { maxEventBytes: 2000 } },
    });
    const { status, body, cut } = await send(app, { body: ask('hi', { stream: true }) });
    expect([status, cut]).toEqual([200, false]);
    const last = String(body).trim().split('\n\n').at(-1)!;
    expect(JSON.parse(last.replace('data: ', '')).error).toMatchObject({ type: 'api_error' });
  });
});

describe('a handler learns of a block', () => {
  const blocking = [chunk('fine '), chunk('zorgblat '), chunk('x ')];
  const endless = async function* (): AsyncGenerator<string> {
    yield* blocking;
    for (;;) {
      yield chunk('more ');
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  test.each<[name: string, run: (res: Response) => Promise<unknown>]>([
    ["by 'close'", (res) => once(res, 'close')],
    [
      'by res.closed or res.writableEnded in a loop',
      async (res) => {
        for await (const part of endless()) {
          if (res.closed || res.writableEnded) return;
          if (!res.write(part)) await once(res, 'drain');
        }
      },
    ],
    [
      'by the error of a write callback',
      async (res) => {
        for await (const part of endless()) {
          const error = await new Promise<Error | null | undefined>((resolve) => res.write(part, resolve));
          if (error) return;
        }
      },
    ],
    ['by the rejection of pipeline', (res) => pipeline(Readable.from(endless()), res).catch((error) => error.code)],
  ])('%s', async (_, run) => {
    let finished: Promise<unknown> | undefined;
    const app = await startApp({
      handler: (_req, res) => {
        res.type('text/event-stream');
        finished = run(res);
        for (const part of blocking) res.write(part);
      },
    });
    const { body } = await send(app, { body: ask('hi', { stream: true }) });
    expect(streamedText(String(body))).toBe('fine ');
    await finished;
  });

  test('and one that does not listen writes into nothing until it is done', async () => {
    const seen: unknown[] = [];
    const handler: RequestHandler = async (_req, res) => {
      res.type('text/event-stream');
      for (const part of [...blocking, ...Array(200).fill(chunk('y'.repeat(5000)))]) {
        // Waits as Node asks for, and would wait forever for a 'drain' that never comes.
        if (!res.write(part)) await once(res, 'drain');
      }
      res.end(() => seen.push('end'));
      seen.push(res.writableEnded);
    };
    const app = await startApp({ handler });
    const { body } = await send(app, { body: ask('hi', { stream: true }) });
    expect(streamedText(String(body))).toBe('fine ');
    while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([true, 'end']);
  });
});

test('a client that goes away: the handler sees close, and what was found is recorded', async () => {
  let closed: Promise<unknown> | undefined;
  const app = await startApp({
    handler: (_req, res) => {
      closed = once(res, 'close');
      res.type('text/event-stream').write(chunk('one quux and '));
      res.write(chunk('more of it. '));
    },
  });
  const reply = await openRequest(app, { body: ask('hi', { stream: true }) });
  await once(reply, 'data');
  reply.destroy();
  await closed;
  expect(await app.rows()).toMatchObject([{ direction: 'output', action: 'redact', outcome: 'screened' }]);
});

test('a client that goes away from a held reply: it is judged for the record when the handler ends it', async () => {
  let response: Response | undefined;
  const app = await startApp({
    handler: (_req, res) => {
      response = res;
      res.type('json').write(' ');
      res.emit('handled');
    },
  });
  const arrived = new Promise((resolve) => app.server.once('request', (_req, res) => res.once('handled', resolve)));
  const pending = openRequest(app, { body: ask('hi') }).catch(() => undefined);
  await arrived;
  const closed = once(response!, 'close');
  app.server.closeAllConnections();
  await Promise.all([closed, pending]);
  response!.end(JSON.stringify(answer('a zorgblat')));
  expect(await app.rows()).toMatchObject([{ direction: 'output', action: 'block' }]);
});

describe('backpressure', () => {
  const TOTAL = 20 * 1024 * 1024;
  // Most of it is no text, so that the transport is under test and not the speed of the scan.
  const piece = chunk('harmless words ').replace('{', `{"padding":"${randomBytes(6000).toString('base64')}",`);
  const count = Math.ceil(TOTAL / piece.length);

  /** Writes 20 MB as Node asks for; tells the most that waited in the response, in bytes, and how often it waited. */
  const handler =
    (seen: { most: number; waits: number }): RequestHandler =>
    async (_req, res) => {
      res.type('text/event-stream');
      let resume = (): void => undefined;
      res.on('drain', () => resume());
      for (let index = 0; index < count; index += 1) {
        if (!res.write(piece)) {
          seen.waits += 1;
          await new Promise<void>((resolve) => {
            resume = resolve;
          });
        }
        seen.most = Math.max(seen.most, res.writableLength);
      }
      res.end(DONE);
    };

  test.each<[name: string, options: object, headers: Record<string, string>]>([
    ['plain', {}, {}],
    ['compression after', { after: [compression({ level: 1 })] }, { 'accept-encoding': 'gzip' }],
  ])(
    'a slow client of 20 MB: %s',
    async (_, options, headers) => {
      const seen = { most: 0, waits: 0 };
      const app = await startApp({ handler: handler(seen), ...options });
      const reply = await openRequest(app, { body: ask('hi', { stream: true }), headers });
      const slow = reply.pipe(new PassThrough({ highWaterMark: 1024 }));
      let bytes = 0;
      let tail = '';
      let before = process.memoryUsage().arrayBuffers;
      let growth = 0;
      for await (const part of slow) {
        if (bytes === 0) before = process.memoryUsage().arrayBuffers;
        bytes += part.length;
        tail = (tail + part).slice(-DONE.length);
        growth = Math.max(growth, process.memoryUsage().arrayBuffers - before);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(tail).toBe(DONE);
      expect(bytes).toBeGreaterThan(TOTAL * 0.99);
      expect(seen.most).toBeLessThan(1024 * 1024);
      expect(seen.waits).toBeGreaterThan(10);
      expect(growth).toBeLessThan(12 * 1024 * 1024);
    },
    60_000,
  );
});

test('a small compressed stream that grows a thousandfold waits for a slow client', async () => {
  let response: Response | undefined;
  const padded = chunk('harmless ').replace('{', `{"padding":"${'x'.repeat(500_000)}",`);
  const app = await startApp({
    handler: (_req, res) => {
      response = res.type('text/event-stream').set('content-encoding', 'gzip');
      res.end(gzipSync(padded.repeat(40) + DONE));
    },
  });
  const reply = await openRequest(app, { body: ask('hi', { stream: true }) });
  // The client does not read until nothing more comes into the response by itself.
  let most = 0;
  for (let quiet = 0; quiet < 20; quiet += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (response!.writableLength > most) quiet = 0;
    most = Math.max(most, response!.writableLength);
  }
  let tail = '';
  for await (const part of reply.pipe(new PassThrough({ highWaterMark: 1024 }))) {
    most = Math.max(most, response!.writableLength);
    tail = (tail + part).slice(-DONE.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(tail).toBe(DONE);
  expect(most).toBeLessThan(4 * 1024 * 1024);
});

test('bytes of a compressed stream that are cut anywhere give the same text', async () => {
  const whole = gzipSync(events('one q', 'uux and 早 two').join(''));
  const handler: RequestHandler = (_req, res) => {
    res.type('text/event-stream').set('content-encoding', 'gzip');
    for (const byte of whole) res.write(Uint8Array.of(byte));
    res.end();
  };
  const { body } = await send(await startApp({ handler }), { body: ask('hi', { stream: true }) });
  expect(streamedText(String(body))).toBe('one # and 早 two');
});
