import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import express from 'express';
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import type { ConfigInput } from '../../src/config/index.js';
import { sluice } from '../../src/sluice.js';
import { ProxyFixture } from '../support/proxy-fixture.js';
import { describeRedis, REDIS_URL } from '../support/redis.js';
import { until } from '../support/until.js';

const GOOD = { model: 'm', messages: [{ role: 'user' as const, content: 'hello' }] };
const fixture = new ProxyFixture();
let upstream = '';

beforeAll(async () => {
  process.env['SLUICE_SUBJECT_KEY'] = 'a-key-for-the-subjects-of-tests';
  upstream = await fixture.upstream((req, res) => {
    req.resume().on('end', () => {
      const message = { role: 'assistant', content: 'hi', refusal: null };
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop', logprobs: null }] }));
    });
  });
});
afterAll(() => fixture.close());

/** Sends requests one after the other; resolves to how many were answered. */
async function answered(clients: readonly OpenAI[], requests: number): Promise<number> {
  let count = 0;
  for (let index = 0; index < requests; index += 1) {
    const client = clients[index % clients.length] as OpenAI;
    const call = client.chat.completions.create(GOOD);
    count += await call.then(
      () => 1,
      (error: unknown) => {
        expect(error).toBeInstanceOf(OpenAI.RateLimitError);
        return 0;
      },
    );
  }
  return count;
}

function clientOf(url: string, apiKey: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
}

describe('the limit of a client', () => {
  it('refuses what is too much with a 429 that says when to come again, and touches no other client', async () => {
    const limits = { client: { maxRequests: 3, perSeconds: 600 } };
    const { url } = await fixture.proxy(upstream, { limits, subject: { from: 'api-key' } });
    expect(await answered([clientOf(url, 'sk-one')], 5)).toBe(3);
    const refused = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk-one', 'content-type': 'application/json' },
      body: JSON.stringify(GOOD),
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(500);
    expect(await refused.json()).toEqual({
      error: expect.objectContaining({ type: 'rate_limit_error', code: 'rate_limit_exceeded' }),
    });
    expect(await answered([clientOf(url, 'sk-other')], 1)).toBe(1);
  });

  it('holds for an address where nobody is told apart', async () => {
    const { url } = await fixture.proxy(upstream, { limits: { client: { maxRequests: 2, perSeconds: 600 } } });
    expect(await answered([clientOf(url, 'sk-one'), clientOf(url, 'sk-other')], 4)).toBe(2);
  });

  it('holds for the middleware', async () => {
    const limits = { client: { maxRequests: 2, perSeconds: 600 } };
    const screen = sluice({
      lists: [],
      classifier: { enabled: false },
      store: 'none',
      log: { level: 'silent' },
      limits,
    });
    const app = express().use('/v1', screen);
    app.post('/v1/chat/completions', (_, res) => void res.json({ choices: [] }));
    const url = await fixture.listen(createServer(app));
    expect(await answered([clientOf(url, 'sk-one')], 4)).toBe(2);
    await screen.close();
  });

  it('counts a request once, however many middlewares it passes', async () => {
    const limits = { client: { maxRequests: 2, perSeconds: 600 } };
    const config: ConfigInput = { lists: [], classifier: { enabled: false }, store: 'none', log: { level: 'silent' } };
    const screens = [1, 2, 3].map(() => sluice({ ...config, limits }));
    const app = express().use(...screens);
    // No format reads this path: each of them passes the request on unscreened.
    app.get('/v1/models', (_, res) => void res.json({ data: [] }));
    app.post('/v1/chat/completions', (_, res) => void res.json({ choices: [] }));
    const url = await fixture.listen(createServer(app));
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await fetch(`${url}/v1/models`)).status);
    expect(statuses).toEqual([200, 200, 429]);
    await Promise.all(screens.map((screen) => screen.close()));
  });

  it.each(['proxy', 'middleware'])('holds for the moderation endpoint of the %s', async (kind) => {
    const limits = { client: { maxRequests: 2, perSeconds: 600 } };
    let url = '';
    let close = async (): Promise<void> => undefined;
    if (kind === 'proxy') url = (await fixture.proxy(upstream, { limits })).url;
    else {
      const screen = sluice({
        lists: [],
        classifier: { enabled: false },
        store: 'none',
        log: { level: 'silent' },
        limits,
      });
      close = () => screen.close();
      const app = express().use('/v1', screen);
      app.post('/v1/moderations', screen.moderations);
      url = await fixture.listen(createServer(app));
    }
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"input":"hello"}' };
      statuses.push((await fetch(`${url}/v1/moderations`, init)).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
    await close();
  });
});

describeRedis('the limit of a client over two replicas', () => {
  const prefix = `sluice-test-${randomBytes(4).toString('hex')}:`;
  afterAll(async () => {
    const redis = new Redis(REDIS_URL);
    const keys = await redis.keys(`${prefix}*`);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
  });

  it('is one limit', async () => {
    const config = {
      limits: { client: { maxRequests: 40, perSeconds: 600 } },
      subject: { from: 'api-key' },
      redis: { url: REDIS_URL, prefix },
    };
    const proxies = await Promise.all([1, 2].map(() => fixture.proxy(upstream, config)));
    const limiters = proxies.map(({ screen }) => screen.deps.clientLimiter);
    // A replica counts alone until it is connected.
    await until(async () => {
      const redis = new Redis(REDIS_URL);
      const before = (await redis.keys(`${prefix}*`)).length;
      for (const limiter of limiters) await limiter?.admit(`probe ${Math.random()}`);
      const after = (await redis.keys(`${prefix}*`)).length;
      await redis.quit();
      return after - before === limiters.length;
    });
    const clients = proxies.map(({ url }) => clientOf(url, 'sk-shared'));
    expect(await answered(clients, 60)).toBe(40);
  });
});

describe('the limit of a client while Redis is away', () => {
  it('holds per process, and nothing fails', async () => {
    const config = {
      limits: { client: { maxRequests: 3, perSeconds: 600 } },
      redis: { url: 'redis://127.0.0.1:1' },
    };
    const { url, log } = await fixture.proxy(upstream, config);
    expect(await answered([clientOf(url, 'sk-one')], 5)).toBe(3);
    await until(() => log().includes('Redis does not answer'));
  });
});
