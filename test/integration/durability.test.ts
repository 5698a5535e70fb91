import { createServer } from 'node:http';
import express from 'express';
import { type Store, StoreError } from '../../src/core/index.js';
import { createMiddleware, createModerationsHandler } from '../../src/http/index.js';
import {
  ask,
  DONE,
  frame,
  ProxyFixture,
  type RunningProxy,
  reply,
  sendJson,
  signal,
  startStream,
} from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());

const CONFIG = { hitLog: { durability: 'request', overflow: 'block-traffic' } };

/** A backend that streams when it is asked to. */
async function backend(text: string): Promise<string> {
  return fixture.upstream(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    if (!Buffer.concat(chunks).toString().includes('"stream":true')) return sendJson(res, reply(text));
    const send = startStream(res);
    send(frame(text));
    send(frame(undefined, { finish: 'stop' }) + DONE);
    return res.end();
  });
}

/** The same pipeline as middleware, in front of a handler that hands on to the backend. */
async function mounted({ screen }: RunningProxy, upstream: string): Promise<string> {
  const app = express();
  const loading = Promise.resolve(screen);
  app.post('/v1/moderations', createModerationsHandler(loading));
  app.use(createMiddleware(loading));
  app.post('/v1/chat/completions', async (req, res) => {
    const answer = await fetch(`${upstream}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(req.body) });
    res.status(answer.status).type(answer.headers.get('content-type') ?? '');
    for await (const chunk of answer.body ?? []) res.write(chunk);
    res.end();
  });
  return fixture.listen(createServer(app));
}

describe.each(['proxy', 'middleware'])('durability: request in the %s', (kind) => {
  const start = async (text: string, store: Partial<Store>, config = {}) => {
    const upstream = await backend(text);
    const proxy = await fixture.proxy(upstream, { ...CONFIG, ...config }, { store });
    const url = kind === 'proxy' ? proxy.url : await mounted(proxy, upstream);
    const send = (path: string, body: object) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const chat = (content: string, extra = {}) => send('/v1/chat/completions', ask(content, extra));
    return { ...proxy, chat, moderate: (input: string | string[]) => send('/v1/moderations', { input }) };
  };

  it.each([
    ['a blocked request', 'a zorgblat', {}, 400],
    ['a redacted reply', 'hi', {}, 200],
    ['a redacted stream', 'hi', { stream: true }, 200],
  ])('%s is answered when its entry is durable', async (_, content, extra, status) => {
    const durable = signal();
    const waiting = signal();
    const { chat, entries } = await start('a quux here', {
      durable: () => {
        waiting.resolve();
        return done ? undefined : durable.promise;
      },
    });
    let done = false;
    let answered = false;
    const answer = chat(content, extra).then(async (response) => {
      const text = await response.text();
      answered = true;
      return { status: response.status, text };
    });
    await waiting.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(entries).toHaveLength(1);
    expect(answered).toBe(false);
    done = true;
    durable.resolve();
    const { status: found, text } = await answer;
    expect(found).toBe(status);
    if (status === 200) expect(text).toContain('a # ');
    expect(text.endsWith(DONE)).toBe('stream' in extra);
  });

  it('a harmless exchange waits for nothing', async () => {
    let asked = 0;
    const { chat } = await start('fine', {
      durable: () => {
        asked += 1;
        return new Promise(() => undefined);
      },
    });
    expect(await (await chat('hi')).json()).toMatchObject({ choices: [{ message: { content: 'fine' } }] });
    expect(asked).toBe(0);
  });

  it('what cannot be recorded is answered with 503', async () => {
    const { chat, moderate } = await start('a quux', { durable: () => Promise.reject(new StoreError('zorg is down')) });
    for (const answer of [await chat('a zorgblat'), await moderate('a zorgblat')]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('1');
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'record_unavailable' } });
      expect(text).not.toContain('zorg is down');
    }
  });

  it('what is lost at once is answered with 503, and the next request is served', async () => {
    let lost = true;
    const { chat } = await start('fine', { record: () => !lost });
    expect((await chat('a zorgblat')).status).toBe(503);
    lost = false;
    expect((await chat('a zorgblat')).status).toBe(400);
  });

  it('a body with very many texts waits for room, so that it drives nothing else out', async () => {
    let queued = 0;
    let most = 0;
    let wait: Promise<boolean> | undefined;
    const { moderate } = await start('fine', {
      record: () => {
        queued += 1;
        most = Math.max(most, queued);
        return true;
      },
      room: () => {
        if (queued < 150) return undefined;
        wait ??= new Promise((resolve) => {
          setImmediate(() => {
            queued = 0;
            wait = undefined;
            resolve(true);
          });
        });
        return wait;
      },
    });
    expect((await moderate(Array.from({ length: 2_000 }, () => 'a zorgblat'))).status).toBe(200);
    expect(most).toBeLessThanOrEqual(250);
  });

  it('a reply that cannot be recorded is not shown, in any mode', async () => {
    for (const mode of ['enforce', 'annotate']) {
      const { chat } = await start(
        'a quux',
        { durable: () => Promise.reject(new StoreError('zorg is down')) },
        { mode },
      );
      const answer = await chat('hi').catch(() => undefined);
      // Where the head was out before the verdict, the connection is cut.
      expect(answer?.status ?? 503).toBe(503);
    }
  });

  it('a stream that cannot be recorded is cut', async () => {
    const { chat } = await start('a quux', { durable: () => Promise.reject(new StoreError('zorg is down')) });
    const answer = await chat('hi', { stream: true });
    await expect(answer.text()).rejects.toThrow();
  });

  it('requests are refused while there is no room for their entries', async () => {
    let full = true;
    const { chat, moderate } = await start('fine', { accepts: () => !full });
    expect((await chat('hi')).status).toBe(503);
    expect((await moderate('hi')).status).toBe(503);
    full = false;
    expect((await chat('hi')).status).toBe(200);
    expect((await moderate('hi')).status).toBe(200);
  });
});
