import express, { type Express } from 'express';
import OpenAI from 'openai';
import request from 'supertest';
import type { SluiceMiddleware } from '../../src/index.js';
import { send, startApp, stopApps } from '../support/express-app.js';

afterEach(stopApps);

const PATH = '/v1/moderations';
const parsed = express.json();

const MOUNTS: [name: string, build: (app: Express, screening: SluiceMiddleware) => void][] = [
  ['alone', (app, screening) => app.post(PATH, screening.moderations)],
  ['behind express.json()', (app, screening) => app.use(parsed).post(PATH, screening.moderations)],
  [
    'behind express.text()',
    (app, screening) => app.use(express.text({ type: '*/*' })).post(PATH, screening.moderations),
  ],
  ['on a router', (app, screening) => app.use('/v1', express.Router().use('/moderations', screening.moderations))],
  ['before the middleware', (app, screening) => app.post(PATH, screening.moderations).use('/v1', screening)],
  ['after the middleware', (app, screening) => app.use('/v1', screening).post(PATH, screening.moderations)],
];

describe.each(MOUNTS)('screening.moderations %s', (_name, build) => {
  it('answers the official client, and records the hit', async () => {
    const app = await startApp({ build });
    const client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const { id, results } = await client.moderations.create({ input: ['a fine day', 'you zorgblat'] });
    expect(id).toMatch(/^modr-/);
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
    expect(results[1]?.categories.harassment).toBe(true);
    const hits = (await app.rows()).filter(({ category }) => category !== null);
    expect(hits).toMatchObject([{ field: 'input[1]', route: PATH, applied: 'block' }]);
    expect(id).toBe(`modr-${hits[0]?.['request_id']}`);
  });

  it('refuses what is no moderation request', async () => {
    const { url } = await startApp({ build });
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
    const asked = client.moderations.create({ input: 7 as unknown as string });
    await expect(asked).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
  });
});

describe('screening.moderations', () => {
  const build = (app: Express, screening: SluiceMiddleware): void => {
    app.use(PATH, screening.moderations);
    app.get(PATH, (_req, res) => void res.send('of the host'));
  };

  it('leaves other methods to the host', async () => {
    const { url } = await startApp({ build });
    expect((await request(url).get(PATH)).text).toBe('of the host');
  });

  it.each([
    ['no JSON', 'zorg', 400],
    ['a body beyond the limit', JSON.stringify({ input: 'a'.repeat(2000) }), 413],
    ['no body', undefined, 400],
  ])('answers %s with its status', async (_name, body, status) => {
    const app = await startApp({ build, config: { limits: { maxBodyBytes: 1000 } } });
    expect((await send(app, { path: PATH, body })).status).toBe(status);
  });

  it('judges by the policy of the route', async () => {
    const lax = { input: { abusive: { flag: 1, redact: 1, block: 1 } } };
    const routes = [{ path: PATH, policy: 'lax' }];
    const { url } = await startApp({ build, config: { policies: { lax }, routes } });
    const { body } = await request(url).post(PATH).send({ input: 'you zorgblat' });
    expect(body.results[0].flagged).toBe(false);
  });
});
