import { createServer, type Server } from 'node:http';
import express from 'express';
import OpenAI from 'openai';
import { composePipeline, openServices, type Services } from '../../src/compose.js';
import { type ConfigInput, parseConfig } from '../../src/config/index.js';
import { createProxy } from '../../src/http/index.js';
import { sluice } from '../../src/sluice.js';
import { EnforcementRepository } from '../../src/store/index.js';
import { describeEveryDatabase } from '../support/every-database.js';
import { ProxyFixture } from '../support/proxy-fixture.js';
import { until } from '../support/until.js';

const COMMON: ConfigInput = {
  lists: [{ inline: '[severity 4]\nzorgblat\n', category: 'abusive' }],
  classifier: { enabled: false },
  policies: { default: { input: { abusive: { block: 0.99 } } } },
  subject: { from: 'api-key' },
  log: { level: 'silent' },
};
const LADDER = [
  { step: 'warn', at: 1 },
  { step: 'restrict', at: 2, paths: ['/v1/embeddings'] },
  { step: 'cool-down', at: 3, minutes: 10 },
  { step: 'suspend', at: 4 },
];
const BAD = { model: 'm', messages: [{ role: 'user' as const, content: 'zorgblat' }] };
const GOOD = { model: 'm', messages: [{ role: 'user' as const, content: 'hello' }] };
const fixture = new ProxyFixture();
const running: Services[] = [];
let upstream = '';

beforeAll(async () => {
  process.env['SLUICE_SUBJECT_KEY'] = 'a-key-for-the-subjects-of-tests';
  upstream = await fixture.upstream((req, res) => {
    req.resume().on('end', () => {
      const message = { role: 'assistant', content: 'hi', refusal: null };
      const choices = [{ index: 0, message, finish_reason: 'stop', logprobs: null }];
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices }));
    });
  });
});
afterAll(() => fixture.close());

async function startProxy(
  store: string,
  extra: object = {},
): Promise<{ url: string; server: Server; services: Services }> {
  const config = parseConfig({ ...COMMON, store, enforcement: { ladder: LADDER }, ...extra }, 'test');
  const services = await openServices(config);
  running.push(services);
  const { screen } = await composePipeline(config, { services });
  const { server } = createProxy({ screen: () => screen, upstream, logger: services.logger });
  return { url: await fixture.listen(server), server, services };
}

function clientOf(url: string, apiKey: string): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 3 });
}

async function errorOf(call: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  return call.then(
    () => {
      throw new Error('the call was answered');
    },
    (error: unknown) => error as InstanceType<typeof OpenAI.APIError>,
  );
}

describeEveryDatabase('steps against subjects', (harness) => {
  // Within, so that the processes end before their database does.
  describe('of a proxy or a host', () => {
    afterEach(async () => {
      for (const services of running.splice(0)) await services.close();
    });
    it('climb from a warning to a suspension that the official client reads and does not retry, on every replica', async () => {
      const [one, other] = [await startProxy(harness.store), await startProxy(harness.store)];
      const [client, elsewhere] = [clientOf(one.url, 'sk-bad'), clientOf(other.url, 'sk-bad')];
      expect((await errorOf(client.chat.completions.create(BAD))).code).toBe('content_filter');
      await until(async () => {
        const { response } = await elsewhere.chat.completions.create(GOOD).withResponse();
        return response.headers.get('x-moderation-warning') === 'strikes=1';
      });
      await errorOf(client.chat.completions.create(BAD));
      await until(async () => {
        const answer = elsewhere.embeddings.create({ model: 'm', input: 'hello' });
        return answer.then(
          () => false,
          (error: InstanceType<typeof OpenAI.APIError>) => error.code === 'subject_restricted',
        );
      });
      // Other functions stay open.
      expect((await client.chat.completions.create(GOOD)).choices).toHaveLength(1);
      await errorOf(client.chat.completions.create(BAD));
      await until(() => blockedWith(elsewhere, 'subject_cooling_down'));
      // A pause is over for this test when it is taken back; the strikes are too.
      const repository = new EnforcementRepository(await harness.open());
      const [subject] = await harness.query<{ subject: string }>('SELECT subject FROM strikes');
      await repository.restore({ subject: String(subject?.subject), timeMs: Date.now() });
      await until(async () => !(await blockedWith(elsewhere, 'subject_cooling_down')));
      await repository.suspend({ subject: String(subject?.subject), timeMs: Date.now() });
      for (const each of [client, elsewhere]) {
        await until(() => blockedWith(each, 'subject_suspended'));
        const error = await errorOf(each.chat.completions.create({ ...GOOD, stream: true }));
        expect(error).toBeInstanceOf(OpenAI.PermissionDeniedError);
        expect(error.message).toContain('suspended, because');
        expect(error.headers?.get('x-should-retry')).toBe('false');
      }
      // Nobody else is touched.
      expect((await clientOf(one.url, 'sk-good').chat.completions.create(GOOD)).choices).toHaveLength(1);
    });

    it('are not taken in shadow mode', async () => {
      const { url } = await startProxy(harness.store, { mode: 'shadow' });
      const client = clientOf(url, 'sk-bad');
      for (let count = 0; count < 5; count += 1) await client.chat.completions.create(BAD);
      await running[0]?.enforcer?.close();
      expect(await harness.query('SELECT * FROM strikes')).toEqual([]);
    });

    it('hold for the middleware too', async () => {
      const enforcement = { ladder: [{ step: 'suspend' as const, at: 1 }] };
      const screen = sluice({ ...COMMON, store: harness.store, enforcement });
      const app = express().use('/v1', screen);
      app.post('/v1/chat/completions', (_, res) => void res.json({ choices: [] }));
      const url = await fixture.listen(createServer(app));
      const client = clientOf(url, 'sk-bad');
      await errorOf(client.chat.completions.create(BAD));
      await until(() => blockedWith(client, 'subject_suspended'));
      await screen.close();
    });
  });
});

async function blockedWith(client: OpenAI, code: string): Promise<boolean> {
  return client.chat.completions.create(GOOD).then(
    () => false,
    (error: InstanceType<typeof OpenAI.APIError>) => error.code === code,
  );
}
