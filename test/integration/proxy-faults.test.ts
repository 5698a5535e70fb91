import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import OpenAI from 'openai';
import type { Metrics } from '../../src/http/index.js';
import {
  ask,
  bodyOf,
  DONE,
  frame,
  ProxyFixture,
  readWire,
  reply,
  sendJson,
  signal,
  startStream,
} from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());

const post = (url: string, body: unknown, signalToAbort?: AbortSignal) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signalToAbort && { signal: signalToAbort }),
  });

/** The text that arrives before a body ends or breaks, and whether it broke. */
async function readAll(answer: Response): Promise<{ wire: string; broke: boolean }> {
  const decoder = new TextDecoder();
  let wire = '';
  try {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
      wire += decoder.decode(chunk, { stream: true });
    return { wire, broke: false };
  } catch {
    return { wire, broke: true };
  }
}

describe('a backend in trouble', () => {
  it.each([
    ['is down', () => Promise.resolve('http://127.0.0.1:1'), 502],
    ['hangs up', () => fixture.upstream((req) => req.socket.destroy()), 502],
    [
      'breaks off a JSON reply',
      () =>
        fixture.upstream((_req, res) => {
          res.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
          res.write('{"choices":', () => res.destroy());
        }),
      502,
    ],
    [
      'speaks no HTTP',
      async () => {
        const server = createTcpServer((socket) => void socket.on('error', () => undefined).end('zorg\r\n\r\n'));
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        server.unref();
        return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
      },
      502,
    ],
    ['does not answer', () => fixture.upstream(() => undefined), 504],
    [
      'falls silent in a JSON reply',
      () =>
        fixture.upstream((_req, res) => {
          res.writeHead(200, { 'content-type': 'application/json' }).write('{"choices":');
        }),
      504,
    ],
  ])('that %s is an error in the shape of the format', async (_, start, status) => {
    const { url, metrics, log } = await fixture.proxy(await start(), { limits: { upstreamIdleTimeoutMs: 150 } });
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-secret', maxRetries: 0 });
    const error = await client.chat.completions.create(ask('hi')).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({
      status,
      type: 'api_error',
      code: 'err_sluice_upstream',
      requestID: expect.any(String),
    });
    expect((error as Error).message).not.toMatch(/\bat \w|node:|\.ts|127\.0\.0\.1/);
    expect(log()).toContain('ERR_SLUICE_UPSTREAM');
    expect(await metrics.registry.getSingleMetricAsString('sluice_upstream_errors_total')).toContain('_total 1');
  });

  it('that breaks off a stream: vetted text, an error event, a cut connection, no [DONE]', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      startStream(res)(`${frame('a gold ')}${frame('zorg')}data: {"half`);
      res.write('', () => setImmediate(() => res.destroy()));
    });
    const { url, metrics } = await fixture.proxy(upstream);
    const { wire, broke } = await readAll(await post(url, ask('hi')));
    expect(broke).toBe(true);
    expect(readWire(wire).text()).toBe('a gold zorg');
    expect(readWire(wire).chunks.at(-1)).toMatchObject({ error: { code: 'stream_broken' } });
    expect(wire).not.toContain('[DONE]');
    expect(await metrics.registry.getSingleMetricAsString('sluice_upstream_errors_total')).toContain('_total 1');
  });

  it('that breaks off a stream makes the official client throw', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      startStream(res)(frame('a '));
      res.write('', () => setImmediate(() => res.destroy()));
    });
    const { client } = await fixture.proxy(upstream);
    const stream = await client.chat.completions.create(ask('hi', { stream: true as const }));
    const read = async (): Promise<void> => {
      for await (const chunk of stream) expect(chunk.choices).toBeDefined();
    };
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
  });

  it('that ends a stream without [DONE] after a finish reason has ended it normally', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      startStream(res)(frame('fine zorg') + frame(undefined, { finish: 'content_filter' }));
      res.end();
    });
    const { url } = await fixture.proxy(upstream);
    const { wire, broke } = await readAll(await post(url, ask('hi')));
    expect(broke).toBe(false);
    expect(readWire(wire).text()).toBe('fine zorg');
    expect(readWire(wire).finish()).toEqual(['content_filter']);
    expect(wire).not.toContain('error');
  });

  it('that falls silent in a stream is cut', async () => {
    const upstream = await fixture.upstream((_req, res) => startStream(res)(frame('a ')));
    const { url } = await fixture.proxy(upstream, { limits: { upstreamIdleTimeoutMs: 150 } });
    const { wire, broke } = await readAll(await post(url, ask('hi')));
    expect([readWire(wire).text(), broke]).toEqual(['a ', true]);
  });

  it('that only sends comments keeps the connection for as long as the ceiling says', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      const write = startStream(res);
      write(frame('zorg'));
      const timer = setInterval(() => write(': keep-alive\n\n'), 20);
      res.on('close', () => clearInterval(timer));
    });
    const limits = { upstreamIdleTimeoutMs: 150, upstreamMaxDurationMs: 600 };
    const { url } = await fixture.proxy(upstream, { limits });
    const { wire, broke } = await readAll(await post(url, ask('hi')));
    // More of them than one idle time holds: they had re-armed it.
    expect(wire.match(/: keep-alive/g)?.length).toBeGreaterThan(9);
    expect(broke).toBe(true);
    // The held text left only at the end, after the comments.
    expect(wire.indexOf('"zorg"')).toBeGreaterThan(wire.lastIndexOf(': keep-alive'));
  });

  it('that is slow within the ceiling gets 504 for JSON', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => res.write('{'), 20);
      res.on('close', () => clearInterval(timer));
    });
    const { url } = await fixture.proxy(upstream, {
      limits: { upstreamIdleTimeoutMs: 150, upstreamMaxDurationMs: 400 },
    });
    expect((await post(url, ask('hi'))).status).toBe(504);
  });

  it('that sends blank lines alone is cut at the ceiling, for they keep the connection alive', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => res.write('\n'), 20);
      res.on('close', () => clearInterval(timer));
    });
    const { url } = await fixture.proxy(upstream, {
      limits: { upstreamIdleTimeoutMs: 150, upstreamMaxDurationMs: 400 },
    });
    const response = await post(url, ask('hi'));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('that answers in time leaves no timer behind', async () => {
    const { url } = await fixture.proxy(await fixture.upstream((_req, res) => sendJson(res, reply('ok'))));
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await (await post(url, ask('hi'))).text();
    const before = timers();
    for (let count = 0; count < 20; count += 1) await (await post(url, ask('hi'))).text();
    expect(timers() - before).toBeLessThan(10);
  });

  it('that sends blank lines before its JSON is understood', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' }).write('\n\n\n');
      res.end(JSON.stringify(reply('a quux')));
    });
    const { client } = await fixture.proxy(upstream);
    expect((await client.chat.completions.create(ask('hi'))).choices[0]?.message.content).toBe('a #');
  });

  it('that sends an event beyond the limit gets its stream ended with an error event', async () => {
    const gone = signal();
    const upstream = await fixture.upstream((_req, res) => {
      res.on('close', () => gone.resolve());
      startStream(res)(frame('a fine ') + frame('x'.repeat(5000)));
    });
    const { url } = await fixture.proxy(upstream, { limits: { maxEventBytes: 1000 } });
    const { wire, broke } = await readAll(await post(url, ask('hi')));
    expect([readWire(wire).text(), broke]).toEqual(['a fine ', false]);
    expect(readWire(wire).chunks.at(-1)).toMatchObject({
      error: { code: 'stream_broken', message: expect.stringContaining('1000 bytes') },
    });
    expect(wire).not.toContain('[DONE]');
    await gone.promise;
  });

  it('whose JSON reply is beyond the limit gives 502', async () => {
    const upstream = await fixture.upstream((_req, res) => sendJson(res, reply('x'.repeat(5000))));
    const { url } = await fixture.proxy(upstream, { limits: { maxBodyBytes: 1000 } });
    expect((await post(url, ask('hi'))).status).toBe(502);
  });

  it('is let go as soon as a stream is blocked', async () => {
    const gone = signal();
    const upstream = await fixture.upstream((_req, res) => {
      res.on('close', () => gone.resolve());
      startStream(res)(frame('a zorgblat it is'));
    });
    const { url } = await fixture.proxy(upstream);
    const { wire, broke } = await readAll(await post(url, ask('hi')));
    expect([readWire(wire).done, broke]).toEqual([true, false]);
    await gone.promise;
  });
});

describe('a client that goes', () => {
  /** A backend that tells when a call arrives and when it is given up. */
  async function watched(answer: (res: ServerResponse, req: IncomingMessage) => void) {
    const arrived = signal();
    const gone = signal();
    const url = await fixture.upstream((req, res) => {
      res.on('close', () => gone.resolve());
      answer(res, req);
      arrived.resolve();
    });
    return { url, arrived: arrived.promise, gone: gone.promise };
  }

  it.each([
    ['before the first byte', () => undefined],
    [
      'in a JSON reply',
      (res: ServerResponse) => void res.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    ],
    ['in a stream', (res: ServerResponse) => startStream(res)(frame('a fine day '))],
  ])('%s cancels the call', async (_, answer) => {
    const { url: upstream, arrived, gone } = await watched(answer);
    const { url, metrics } = await fixture.proxy(upstream);
    const abort = new AbortController();
    const pending = post(url, ask('hi'), abort.signal).then((response) => response.text());
    await arrived;
    abort.abort();
    await expect(pending).rejects.toThrow();
    await gone;
    expect(await metrics.registry.getSingleMetricAsString('sluice_upstream_errors_total')).toContain('_total 0');
  });

  it('in a stream leaves a record of what was found, held text included', async () => {
    const { url: upstream, gone } = await watched((res) => startStream(res)(frame('a fine day ') + frame('zorgblat')));
    const { url, entries } = await fixture.proxy(upstream);
    const abort = new AbortController();
    const response = await post(url, ask('hi'), abort.signal);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    abort.abort();
    await gone;
    while (entries.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(entries).toMatchObject([{ direction: 'output', field: 'choices[0].content', action: 'block' }]);
  });

  it('while it sends a body that passes through cancels the call', async () => {
    const { url: upstream, arrived, gone } = await watched((_res, req) => void req.resume());
    const { url } = await fixture.proxy(upstream);
    const { socket } = fixture.raw(url);
    socket.write('POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nsome');
    await arrived;
    socket.destroy();
    await gone;
  });

  it('in a reply that passes through cancels the call', async () => {
    const { url: upstream, arrived, gone } = await watched((res) => void res.write('some'));
    const { url } = await fixture.proxy(upstream);
    const { socket, read } = fixture.raw(url);
    socket.write('GET /v1/files/1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await arrived;
    await read((text) => text.includes('some'));
    socket.destroy();
    await gone;
  });

  it('while the call connects ends it at once', async () => {
    // Accepts and never shakes hands, so that the connection is not there yet.
    const connecting = signal<Socket>();
    const mute = createTcpServer((socket) => connecting.resolve(socket.on('error', () => undefined).resume()));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    mute.unref();
    const upstream = `https://127.0.0.1:${(mute.address() as { port: number }).port}`;
    const { url, log, server } = await fixture.proxy(upstream, { limits: { upstreamConnectTimeoutMs: 60_000 } });
    const abort = new AbortController();
    const pending = post(url, ask('hi'), abort.signal);
    const socket = await connecting.promise;
    abort.abort();
    await expect(pending).rejects.toThrow();
    while (!log().includes('client_closed')) await new Promise((resolve) => setImmediate(resolve));
    // Nothing is left to wait for.
    await server.drain();
    socket.destroy();
  });
});

describe('the queue in front of the backend', () => {
  const limits = { upstream: { maxConcurrent: 1, maxQueued: 1 } };

  async function held() {
    const calls: { body: string; res: ServerResponse }[] = [];
    let wake: () => void = () => undefined;
    const url = await fixture.upstream(async (req, res) => {
      calls.push({ body: (await bodyOf(req)).toString(), res });
      wake();
    });
    const count = async (wanted: number): Promise<void> => {
      while (calls.length < wanted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    return { url, calls, count };
  }

  /** Resolves once so many requests were screened, after which they are in the queue. */
  async function screened(metrics: Metrics, wanted: number): Promise<void> {
    const count = async (): Promise<number> =>
      (await metrics.screened.get()).values.find(({ labels }) => labels['direction'] === 'input')?.value ?? 0;
    while ((await count()) < wanted) await new Promise((resolve) => setImmediate(resolve));
  }

  it('lets one run, one wait, and refuses the next in the shape of the format', async () => {
    const { url: upstream, calls, count } = await held();
    const { url, client, metrics } = await fixture.proxy(upstream, { limits });
    const first = post(url, ask('one'));
    await count(1);
    const second = post(url, ask('two'));
    await screened(metrics, 2);
    const third = await post(url, ask('three'));
    expect(third.status).toBe(503);
    expect(third.headers.get('retry-after')).toBe('1');
    expect(await third.json()).toMatchObject({ error: { type: 'api_error', code: 'overloaded' } });
    const error = await client.chat.completions.create(ask('four')).catch((e: unknown) => e);
    expect(error).toMatchObject({ status: 503, code: 'overloaded' });
    sendJson(calls[0]?.res as ServerResponse, reply('1'));
    await count(2);
    sendJson(calls[1]?.res as ServerResponse, reply('2'));
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect(calls).toHaveLength(2);
  });

  it('is left by a client that goes, and its place is free again', async () => {
    const { url: upstream, calls, count } = await held();
    const { url, log, metrics } = await fixture.proxy(upstream, { limits });
    const first = post(url, ask('one'));
    await count(1);
    const abort = new AbortController();
    const second = post(url, ask('two'), abort.signal);
    await screened(metrics, 2);
    expect((await post(url, ask('three'))).status).toBe(503);
    abort.abort();
    await expect(second).rejects.toThrow();
    while (!log().includes('client_closed')) await new Promise((resolve) => setImmediate(resolve));
    const fourth = post(url, ask('four'));
    await screened(metrics, 4);
    sendJson(calls[0]?.res as ServerResponse, reply('1'));
    await count(2);
    sendJson(calls[1]?.res as ServerResponse, reply('4'));
    expect([(await first).status, (await fourth).status]).toEqual([200, 200]);
    expect(calls.map(({ body }) => JSON.parse(body).messages[0].content)).toEqual(['one', 'four']);
  });

  it('holds its turn until a stream has ended', async () => {
    const { url: upstream, calls, count } = await held();
    const { url, metrics } = await fixture.proxy(upstream, { limits });
    const first = post(url, ask('one'));
    await count(1);
    const write = startStream(calls[0]?.res as ServerResponse);
    write(frame('a '));
    await first;
    const second = post(url, ask('two'));
    await screened(metrics, 2);
    expect((await post(url, ask('three'))).status).toBe(503);
    write(DONE);
    calls[0]?.res.end();
    await count(2);
    sendJson(calls[1]?.res as ServerResponse, reply('2'));
    expect((await second).status).toBe(200);
  });
});
