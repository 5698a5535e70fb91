import { type APIError, BadRequestError, InternalServerError } from 'openai';
import {
  ask,
  bodyOf,
  DONE,
  frame,
  ProxyFixture,
  readWire,
  reply,
  sendJson,
  startStream,
} from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());

/** A backend that answers every chat with these events. */
const streaming = (...wires: string[]) =>
  fixture.upstream((_req, res) => {
    const write = startStream(res);
    for (const wire of wires) write(wire);
    res.end();
  });
const answering = (body: unknown, status = 200) => fixture.upstream((_req, res) => sendJson(res, body, status));
const post = (url: string, body: unknown) =>
  fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });

describe('a chat through the proxy, with the official client', () => {
  it('passes a reply with its usage and id', async () => {
    const { client } = await fixture.proxy(await answering(reply('good morning')));
    expect(await client.chat.completions.create(ask('hi'))).toMatchObject(reply('good morning'));
  });

  it('blocks Input once, without a retry, and never calls the backend', async () => {
    let calls = 0;
    const upstream = await fixture.upstream((_req, res) => {
      calls += 1;
      sendJson(res, reply('x'));
    });
    const { client, entries } = await fixture.proxy(upstream);
    const error = await client.chat.completions.create(ask('a zorgblat'), { maxRetries: 3 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(BadRequestError);
    const { code, requestID, headers, message } = error as BadRequestError;
    expect(code).toBe('content_filter');
    expect(headers.get('x-should-retry')).toBe('false');
    expect(message).toContain(requestID);
    expect(message).not.toContain('zorgblat');
    expect(calls).toBe(0);
    expect(entries).toMatchObject([{ requestId: requestID, direction: 'input', applied: 'block' }]);
  });

  it('redacts Input before the backend reads it', async () => {
    let seen = '';
    const upstream = await fixture.upstream(async (req, res) => {
      seen = (await bodyOf(req)).toString();
      sendJson(res, reply('ok'));
    });
    const { client } = await fixture.proxy(upstream);
    await client.chat.completions.create(ask('a quux here'));
    expect(JSON.parse(seen).messages[0].content).toBe('a # here');
  });

  it('blocks one choice of a reply and keeps the other, the usage and the reference', async () => {
    const { client, entries } = await fixture.proxy(await answering(reply('fine quux', 'a zorgblat')));
    const { data, response } = await client.chat.completions.create(ask('hi', { n: 2 })).withResponse();
    expect(data.choices.map((choice) => choice.finish_reason)).toEqual(['stop', 'content_filter']);
    expect(data.choices[0]?.message.content).toBe('fine #');
    expect(data.usage?.total_tokens).toBe(2);
    expect(data).toMatchObject({ moderation: { blocked: true, hit_id: response.headers.get('x-request-id') } });
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(entries.map((entry) => entry.applied).sort()).toEqual(['block', 'redact']);
  });

  it('ends a blocked stream normally, with no character of the term', async () => {
    const upstream = await streaming(
      frame('well zor'),
      frame('gblat it is'),
      frame(undefined, { finish: 'stop' }),
      DONE,
    );
    const { client } = await fixture.proxy(upstream);
    let text = '';
    const finishes: unknown[] = [];
    for await (const chunk of await client.chat.completions.create(ask('hi', { stream: true as const }))) {
      expect(chunk.choices[0]?.delta).toBeDefined();
      expect([chunk.id, chunk.created, chunk.model]).toEqual(['c1', 7, 'm']);
      text += chunk.choices[0]?.delta.content ?? '';
      finishes.push(chunk.choices[0]?.finish_reason);
    }
    expect(text).toBe('well ');
    expect(finishes.at(-1)).toBe('content_filter');
  });

  it('passes tool calls and usage of a stream through', async () => {
    const call = {
      index: 0,
      delta: {
        role: 'assistant',
        tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
    };
    const upstream = await streaming(
      frame(undefined, { extra: { choices: [{ ...call, finish_reason: null }] } }),
      frame(undefined, { finish: 'tool_calls' }),
      'data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{"total_tokens":5}}\n\n',
      DONE,
    );
    const { client } = await fixture.proxy(upstream);
    const final = await client.chat.completions
      .stream(ask('hi', { stream_options: { include_usage: true } }))
      .finalChatCompletion();
    expect(final.choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'f', arguments: '{"a":1}' } }]);
    expect(final.usage?.total_tokens).toBe(5);
  });

  it('passes an error of the backend with its status and headers, its text screened', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(429, { 'content-type': 'application/json', 'retry-after': '9' });
      res.end(JSON.stringify({ error: { message: 'you said zorgblat and quux', type: 'rate_limit', code: 'slow' } }));
    });
    const { client, entries, metrics } = await fixture.proxy(upstream);
    const error = (await client.chat.completions.create(ask('hi')).catch((e: unknown) => e)) as APIError;
    expect([error.status, error.code, error.headers?.get('retry-after')]).toEqual([429, 'slow', '9']);
    expect(error.message).toMatch(/withheld/);
    expect(error.message).not.toMatch(/zorgblat|quux/);
    expect(entries).toMatchObject([{ direction: 'output', field: 'error.message', applied: 'block' }]);
    expect(await metrics.registry.getSingleMetricAsString('sluice_screened_total')).toContain('action="block"} 1');
  });

  it.each([
    ['redacted JSON', 500, 'application/json', '{"detail":"a quux"}', '{"detail":"a #"}'],
    ['harmless JSON, byte for byte', 400, 'application/json', '{ "detail" : "no" }', '{ "detail" : "no" }'],
    ['text', 503, 'text/plain', 'a quux', 'a #'],
    ['a page', 404, 'text/html', '<p>quux</p>', '<p>#</p>'],
    ['JSON that is none', 500, 'application/json', 'oops quux', 'oops #'],
    ['nothing', 401, 'application/json', '', ''],
  ])('passes an error with %s', async (_, status, type, body, expected) => {
    const upstream = await fixture.upstream((_req, res) => res.writeHead(status, { 'content-type': type }).end(body));
    const answer = await post((await fixture.proxy(upstream)).url, ask('hi'));
    expect([answer.status, await answer.text()]).toEqual([status, expected]);
  });
});

describe('a reply of another kind than the request asks for', () => {
  it('is read as JSON when a stream was asked for', async () => {
    const answer = await post(
      (await fixture.proxy(await answering(reply('a zorgblat')))).url,
      ask('hi', { stream: true }),
    );
    expect(await answer.json()).toMatchObject({ choices: [{ finish_reason: 'content_filter' }] });
  });

  it('is read as a stream when JSON was asked for', async () => {
    const upstream = await streaming(frame('a zor'), frame('gblat it is'), DONE);
    const answer = await post((await fixture.proxy(upstream)).url, ask('hi'));
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    expect(readWire(await answer.text()).finish()).toEqual(['content_filter']);
  });

  it.each([
    ['text', 'text/plain', 'a quux', 'a #'],
    ['a page', 'text/html', '<p>a quux</p>', '<p>a #</p>'],
    [
      'JSON without a type',
      '',
      '{"choices":[{"message":{"content":"a quux"}}]}',
      '{"choices":[{"message":{"content":"a #"}}]}',
    ],
    ['JSON of an unknown shape', 'application/json', '{"output":{"text":"a quux"}}', '{"output":{"text":"a #"}}'],
    ['an error with status 200', 'application/json', '{"error":{"message":"a quux"}}', '{"error":{"message":"a #"}}'],
  ])('is screened as %s', async (_, type, body, expected) => {
    const upstream = await fixture.upstream((_req, res) => {
      if (type !== '') res.setHeader('content-type', type);
      res.end(body);
    });
    const answer = await post((await fixture.proxy(upstream)).url, ask('hi'));
    expect([answer.status, await answer.text()]).toEqual([200, expected]);
  });

  it('is read as a stream when the backend does not say that it streams', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/plain' }).end(frame('a zor') + frame('gblat it is') + DONE);
    });
    const wire = await (await post((await fixture.proxy(upstream)).url, ask('hi', { stream: true }))).text();
    expect(readWire(wire).text()).toBe('a ');
    expect(readWire(wire).finish()).toEqual(['content_filter']);
  });

  it.each([
    ['a picture', 'image/png'],
    ['bytes', 'application/octet-stream'],
  ])('passes as %s, counted and recorded, unless the route refuses', async (_, type) => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]);
    const upstream = await fixture.upstream((_req, res) => res.writeHead(200, { 'content-type': type }).end(bytes));
    const open = await fixture.proxy(upstream);
    const passed = await post(open.url, ask('hi'));
    expect(Buffer.from(await passed.arrayBuffer())).toEqual(bytes);
    expect(open.entries).toMatchObject([{ outcome: 'unscreened', direction: 'output', applied: 'allow' }]);
    const strict = await fixture.proxy(upstream, { unscreened: 'refuse' });
    const refused = await post(strict.url, ask('hi'));
    expect(refused.status).toBe(502);
    expect(await refused.json()).toMatchObject({ error: { code: 'unscreened_reply' } });
    expect(strict.entries).toMatchObject([{ outcome: 'unscreened', direction: 'output', applied: 'block' }]);
  });

  it('is an error when it claims to be JSON and is not', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' }).end('{"half":');
    });
    const { client } = await fixture.proxy(upstream);
    const error = await client.chat.completions.create(ask('hi')).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error).toMatchObject({ status: 502, code: 'err_sluice_upstream' });
    expect((error as Error).message).toContain('JSON');
  });
});
