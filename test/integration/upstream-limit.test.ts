import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Redis } from 'ioredis';
import { freshRequest } from '../support/fresh-request.js';
import { ask, ProxyFixture, reply, sendJson } from '../support/proxy-fixture.js';
import { describeRedis, REDIS_URL } from '../support/redis.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

const fixture = new ProxyFixture();
let upstream = '';
let waiting: ServerResponse[] = [];

beforeAll(async () => {
  process.env['SLUICE_SUBJECT_KEY'] = 'a-key-for-the-subjects-of-tests';
  upstream = await fixture.upstream((req, res) => {
    req.resume();
    waiting.push(res);
  });
});
beforeEach(() => {
  waiting = [];
});
afterAll(() => fixture.close());

const chat = (url: string, key = 'sk-one') =>
  freshRequest(`${url}/v1/chat/completions`, { body: ask('hello'), headers: { authorization: `Bearer ${key}` } });
/** Answers whoever has reached the backend, in the order of arrival. */
const answer = (): void => sendJson(waiting.shift() as ServerResponse, reply('hi'));

describe('the queue of each client', () => {
  it('keeps one client from taking all turns, and says so', async () => {
    const { url } = await fixture.proxy(upstream, {
      subject: { from: 'api-key' },
      limits: {
        upstream: { maxConcurrent: 2, maxQueued: 5 },
        upstreamPerClient: { maxConcurrent: 1, maxQueued: 1 },
      },
    });
    const first = chat(url);
    await until(() => waiting.length === 1);
    const second = chat(url);
    const refused = await chat(url);
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('1');
    expect(JSON.parse(refused.text)).toMatchObject({
      error: {
        type: 'rate_limit_error',
        code: 'rate_limit_exceeded',
        message: expect.stringContaining('your requests'),
      },
    });
    const other = chat(url, 'sk-other');
    await until(() => waiting.length === 2);
    answer();
    expect((await first).status).toBe(200);
    await until(() => waiting.length === 2);
    answer();
    answer();
    expect((await Promise.all([second, other])).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describeRedis('the queue in front of the backend over two replicas', () => {
  const prefix = `sluice-test-${randomBytes(4).toString('hex')}:`;
  afterAll(async () => {
    const redis = new Redis(REDIS_URL);
    const keys = await redis.keys(`*${prefix}*`);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
  });

  it('is one queue', async () => {
    const limits = { upstream: { maxConcurrent: 3, maxQueued: 20 } };
    const config = { limits, redis: { url: REDIS_URL, prefix } };
    const proxies = await Promise.all([1, 2].map(() => fixture.proxy(upstream, config)));
    // The backend is made by the first request; a replica counts alone until it is connected.
    for (const { url, metrics } of proxies) {
      await until(async () => {
        const before = await unshared(metrics.registry);
        const probe = chat(url);
        await until(() => waiting.length === 1);
        answer();
        await probe;
        return (await unshared(metrics.registry)) === before;
      });
    }
    const replies = Array.from({ length: 12 }, (_, index) => chat(proxies[index % 2]!.url));
    for (let answered = 0; answered < 12; answered += 1) {
      await until(() => waiting.length === Math.min(3, 12 - answered));
      if (answered === 0) await new Promise((resolve) => setTimeout(resolve, 300));
      expect(waiting.length).toBeLessThanOrEqual(3);
      answer();
    }
    expect(new Set((await Promise.all(replies)).map(({ status }) => status))).toEqual(new Set([200]));
  });
});

async function unshared(registry: { metrics(): Promise<string> }): Promise<string | undefined> {
  return /^sluice_limits_unshared_total\{limit="upstream"\} (\d+)$/m.exec(await registry.metrics())?.[1];
}
