import { gunzipSync, gzipSync } from 'node:zlib';
import { ask as askApp, send, startApp, stopApps } from '../support/express-app.js';
import { ask, DONE, frame, ProxyFixture, readWire, sendJson } from '../support/proxy-fixture.js';

afterEach(stopApps);
const fixture = new ProxyFixture();
afterAll(() => fixture.close());

interface Reply {
  readonly status?: number;
  readonly type: string;
  readonly parts: readonly (string | Buffer)[];
  readonly encoding?: string;
}
interface Got {
  readonly headers: Headers;
  readonly text: string;
  readonly entries: readonly object[];
}

function write(res: import('node:http').ServerResponse, { status = 200, type, parts, encoding }: Reply): void {
  res.writeHead(status, { 'content-type': type, ...(encoding !== undefined && { 'content-encoding': encoding }) });
  for (const part of parts) res.write(part);
  res.end();
}

async function throughProxy(reply: Reply): Promise<Got> {
  const upstream = await fixture.upstream((_req, res) => write(res, reply));
  const { url, entries } = await fixture.proxy(upstream, { mode: 'annotate' });
  const body = JSON.stringify(ask('a quux'));
  const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body });
  return { headers: answer.headers, text: await answer.text(), entries };
}

async function throughMiddleware(reply: Reply): Promise<Got> {
  const app = await startApp({ config: { mode: 'annotate' }, handler: (_req, res) => write(res, reply) });
  const { headers, body } = await send(app, { body: askApp('a quux'), headers: { 'accept-encoding': 'gzip' } });
  const told = new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const text = String(reply.encoding === 'gzip' ? gunzipSync(body) : body);
  return { headers: told, text, entries: await app.rows() };
}

const EVENTS = { type: 'text/event-stream' };
const two = [
  ': hello\r\n\r\n',
  frame('a quux ', { index: 0 }),
  frame('fine', { index: 1 }),
  frame(undefined, { index: 1, finish: 'stop' }),
  frame('zorg', { index: 0 }).replaceAll('\n', '\r\n'),
  frame(undefined, { index: 0, finish: 'length' }),
  DONE,
];

describe.each([
  ['proxy', throughProxy],
  ['middleware', throughMiddleware],
])('mode annotate in the %s', (_, run) => {
  it('tells of the request in the head of a stream, and of each answer in the event that ends it', async () => {
    const { headers, text } = await run({ ...EVENTS, parts: two });
    expect(headers.get('x-moderation-input-action')).toBe('redact');
    expect(headers.get('x-moderation-input-categories')).toBe('abusive');
    const { chunks, done } = readWire(text);
    const told = chunks.flatMap((chunk) =>
      chunk.moderation === undefined ? [] : [[chunk.choices[0], chunk.moderation]],
    );
    expect(told).toEqual([
      [
        { index: 1, delta: {}, logprobs: null, finish_reason: 'stop' },
        { blocked: false, action: 'allow', categories: [], hit_id: expect.any(String) },
      ],
      [
        { index: 0, delta: {}, logprobs: null, finish_reason: 'length' },
        { blocked: false, action: 'redact', categories: ['abusive'], hit_id: expect.any(String) },
      ],
    ]);
    expect(done).toBe(true);
  });

  it('leaves every other event as it came, byte for byte', async () => {
    const { text } = await run({ ...EVENTS, parts: two });
    const events = [0, 1, 2, 4, 6].map((index) => String(two[index]));
    for (const event of events) expect(text).toContain(event);
    expect(text.startsWith(events.slice(0, 3).join(''))).toBe(true);
  });

  it.each<[string, Reply, string]>([
    ['an error', { status: 500, type: 'application/json', parts: ['{"error":{"message":"a zorgblat"}}'] }, 'block'],
    ['plain text', { type: 'text/plain', parts: ['a quux'] }, 'redact'],
    [
      'a harmless error',
      { status: 429, type: 'application/json', parts: ['{"error":{"message":"slow down"}}'] },
      'allow',
    ],
    ['events that are not named so', { type: 'text/plain', parts: [frame('a zorgblat'), DONE] }, 'block'],
    [
      'the strongest of several answers',
      {
        type: 'application/json',
        parts: [
          JSON.stringify({ choices: [{ message: { content: 'a quux' } }, { message: { content: 'a zorgblat' } }] }),
        ],
      },
      'block',
    ],
  ])('tells of %s in the head', async (_name, reply, action) => {
    const { headers, text } = await run(reply);
    expect(headers.get('x-moderation-output-action')).toBe(action);
    expect(text).toBe(reply.parts.join(''));
  });

  it.each<[string, Reply]>([
    ['that is encoded', { ...EVENTS, encoding: 'gzip', parts: [gzipSync(two.join(''))] }],
    ['with an event that is no JSON', { ...EVENTS, parts: [two[1] ?? '', 'data: {oops\n\n', ...two.slice(2)] }],
    ['with an event that is too large', { ...EVENTS, parts: [`data: "${'x'.repeat(1_100_000)}`, `"\n\n`, ...two] }],
    ['that ends in the middle of an event', { ...EVENTS, parts: [two[1] ?? '', 'data: {"a'] }],
  ])('passes a stream byte for byte %s', async (_name, reply) => {
    const { text } = await run(reply);
    expect(text).toBe(reply.encoding === undefined ? reply.parts.join('') : two.join(''));
  });
});

it('asks 22: an annotated chunk keeps its choices and its delta, and no chunk of our own is added', async () => {
  const upstream = await fixture.upstream((_req, res) => write(res, { ...EVENTS, parts: two }));
  const { client } = await fixture.proxy(upstream, { mode: 'annotate' });
  const seen = [];
  for await (const chunk of await client.chat.completions.create(ask('hi', { stream: true, n: 2 }))) seen.push(chunk);
  expect(seen.every((chunk) => chunk.choices[0]?.delta !== undefined)).toBe(true);
  expect(seen).toHaveLength(5);
});

it('the head of a stream reaches the client before its first event', async () => {
  const app = await startApp({
    config: { mode: 'annotate' },
    handler: (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.flushHeaders();
    },
  });
  const abort = new AbortController();
  const answer = await fetch(`${app.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(askApp('hi')),
    signal: abort.signal,
  });
  expect(answer.headers.get('x-moderation-input-action')).toBe('allow');
  abort.abort();
});

describe('what the backend itself withheld', () => {
  const filtered = {
    choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'content_filter' }],
  };
  it.each(['enforce', 'shadow', 'annotate'])('is counted and recorded as such: an answer, in mode %s', async (mode) => {
    const upstream = await fixture.upstream((_req, res) => sendJson(res, filtered));
    const { client, entries, metrics } = await fixture.proxy(upstream, { mode });
    const { choices } = await client.chat.completions.create(ask('hi'));
    expect(choices[0]?.finish_reason).toBe('content_filter');
    const entry = {
      outcome: 'upstream-filtered',
      direction: 'output',
      field: 'choices[0]',
      applied: 'allow',
      hits: [],
    };
    expect(entries).toMatchObject([entry]);
    const told = await metrics.registry.getSingleMetricAsString('sluice_upstream_filtered_total');
    expect(told).toContain('sluice_upstream_filtered_total{direction="output"} 1');
  });

  it.each(['enforce', 'shadow', 'annotate'])(
    'asks 25: a stream of mode %s that ends with it and without [DONE] is whole',
    async (mode) => {
      const parts = [frame('fine ', { index: 1 }), frame('so'), frame(undefined, { finish: 'content_filter' })];
      const upstream = await fixture.upstream((_req, res) =>
        write(res, { ...EVENTS, parts: [...parts, parts[2] ?? ''] }),
      );
      const { client, entries } = await fixture.proxy(upstream, { mode });
      let text = '';
      let finish: string | null = null;
      for await (const { choices } of await client.chat.completions.create(ask('hi', { stream: true }))) {
        text += choices[0]?.delta.content ?? '';
        finish = choices[0]?.finish_reason ?? finish;
      }
      expect([text, finish]).toEqual(['fine so', 'content_filter']);
      expect(entries).toMatchObject([{ outcome: 'upstream-filtered', field: 'choices[0]', direction: 'output' }]);
    },
  );

  it('is counted and recorded as such: a request', async () => {
    const error = { message: 'no', type: null, param: 'prompt', code: 'content_filter', status: 400 };
    const upstream = await fixture.upstream((_req, res) => sendJson(res, { error }, 400));
    const { client, entries } = await fixture.proxy(upstream);
    await expect(client.chat.completions.create(ask('hi'))).rejects.toMatchObject({
      status: 400,
      code: 'content_filter',
    });
    expect(entries).toMatchObject([{ outcome: 'upstream-filtered', direction: 'input', field: 'error' }]);
  });

  it('is told apart from what was withheld here', async () => {
    const upstream = await fixture.upstream((_req, res) =>
      sendJson(res, { choices: [{ message: { content: 'zorgblat' } }] }),
    );
    const { client, entries } = await fixture.proxy(upstream);
    await client.chat.completions.create(ask('hi'));
    expect(entries).toMatchObject([{ outcome: 'screened', applied: 'block' }]);
  });

  it('stands in the record of a middleware too', async () => {
    const app = await startApp({ handler: (_req, res) => void res.json(filtered) });
    await send(app, { body: askApp('hi') });
    expect(await app.rows()).toMatchObject([{ outcome: 'upstream-filtered', category: null, source: null }]);
  });
});
