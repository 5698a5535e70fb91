import { CATEGORIES } from '../../src/core/index.js';
import { ProxyFixture, type RunningProxy } from '../support/proxy-fixture.js';

const KEYS = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
];

describe('POST /v1/moderations', () => {
  const fixture = new ProxyFixture();
  let proxy: RunningProxy;
  let reached = 0;
  beforeAll(async () => {
    const upstream = await fixture.upstream((_req, res) => {
      reached += 1;
      res.end('{}');
    });
    proxy = await fixture.proxy(upstream);
  });
  afterAll(() => fixture.close());

  it('answers the official client with the 13 keys, one result a string, without the backend', async () => {
    const { id, model, results } = await proxy.client.moderations.create({ input: ['a fine day', 'you zorgblat'] });
    expect(id).toMatch(/^modr-/);
    expect(model).toBe('sluice');
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
    for (const { categories, category_scores: scores, category_applied_input_types: types } of results) {
      for (const record of [categories, scores, types]) expect(Object.keys(record)).toEqual(KEYS);
    }
    expect(results[0]?.categories.harassment).toBe(false);
    expect(results[1]?.categories.harassment).toBe(true);
    expect(results[1]?.category_scores.harassment).toBe(0.995);
    expect(results[1]?.categories.violence).toBe(false);
    expect(reached).toBe(0);
  });

  it('adds our ten categories, and records the hit', async () => {
    proxy.entries.length = 0;
    const { results } = await proxy.client.moderations.create({ input: 'you zorgblat' });
    expect(results[0]).toMatchObject({ sluice: { action: 'block', categories: { abusive: true, crime: false } } });
    const { sluice } = results[0] as unknown as { sluice: { category_scores: object } };
    expect(Object.keys(sluice.category_scores)).toEqual([...CATEGORIES]);
    expect(proxy.entries).toMatchObject([{ field: 'input[0]', direction: 'input', action: 'block' }]);
  });

  it('judges the parts of a multi-part input together', async () => {
    const input = [
      { type: 'text' as const, text: 'a fine day' },
      { type: 'text' as const, text: 'zorgblat' },
    ];
    const { results } = await proxy.client.moderations.create({ input });
    expect(results.map(({ flagged }) => flagged)).toEqual([true]);
  });

  it.each([
    ['no input', {}],
    ['a number', { input: 7 }],
    ['an empty list', { input: [] }],
    ['an image', { input: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] }],
    ['strings and parts', { input: ['a', { type: 'image_url' }] }],
  ])('refuses %s', async (_name, body) => {
    const asked = proxy.client.moderations.create(body as { input: string });
    await expect(asked).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
  });
});
