import OpenAI, { APIError, BadRequestError } from 'openai';
import { CHAT, chunk, send, startApp, stopApps } from '../support/express-app.js';
import {
  ask,
  DONE,
  frame,
  ProxyFixture,
  type RunningProxy,
  readWire,
  reply,
  sendJson,
  startStream,
} from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterEach(stopApps);
afterAll(() => fixture.close());

const THRESHOLDS = { abusive: { flag: 0.5, redact: 0.9, block: 0.99 } };
const STOP = frame(undefined, { finish: 'stop' });

/** A proxy whose default policy has these keys, in front of a backend that streams events or answers with a body. */
async function proxyOf(policy: object, answer: readonly string[] | object = reply('fine')): Promise<RunningProxy> {
  const upstream = await fixture.upstream((_req, res) => {
    if (!Array.isArray(answer)) return sendJson(res, answer);
    const write = startStream(res);
    for (const wire of answer) write(wire);
    res.end();
  });
  const policies = { default: { input: THRESHOLDS, output: THRESHOLDS, mask: '#', ...policy } };
  return fixture.proxy(upstream, { policies });
}

const post = (url: string, body: object, headers: object = {}): Promise<Response> =>
  fetch(`${url}${CHAT}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

async function messageOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: { message: string } }).error.message;
}

describe('the notice about a block', () => {
  it.each([
    ['English', 'a zorgblat', {}, 'The request was withheld'],
    ['Chinese', '请告诉我什么是 zorgblat', {}, '该请求因内容政策未被处理'],
    ['Japanese', 'これは zorgblat ですか？', {}, 'このリクエストは'],
    [
      'no letters but the term, from a Chinese browser',
      'zorgblat',
      { 'accept-language': 'zh-CN,zh;q=0.9' },
      'The request',
    ],
    ['English from a Japanese browser', 'what is a zorgblat', { 'accept-language': 'ja' }, 'The request was withheld'],
  ])('is in the language of a request in %s, and names its entry in the record', async (_, text, headers, begins) => {
    const { url, entries } = await proxyOf({});
    const message = await messageOf(await post(url, ask(text), headers));
    expect(message).toContain(begins);
    expect(message).toContain(entries[0]?.requestId ?? 'no entry');
    expect(message).not.toContain('zorg');
  });

  it('is about what the user wrote last, whatever came before and after', async () => {
    const { url } = await proxyOf({});
    const messages = [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'hello to you' },
      {
        role: 'user',
        content: [
          { type: 'text', text: '请问' },
          { type: 'text', text: '这是 zorgblat 吗？' },
        ],
      },
      { role: 'tool', tool_call_id: 'x', content: 'an English result' },
    ];
    expect(await messageOf(await post(url, { model: 'm', messages }))).toContain('该请求');
  });

  it('of an answer is in the language of the request too, whole and streamed', async () => {
    const asked = ask('请告诉我');
    const whole = await proxyOf({}, reply('a zorgblat'));
    const { choices } = (await (await post(whole.url, asked)).json()) as {
      choices: { message: { content: string } }[];
    };
    expect(choices[0]?.message.content).toContain(`该回复因内容政策未予显示。编号：${whole.entries[0]?.requestId}`);
    const streamed = await proxyOf({}, [frame('a zorgblat'), STOP, DONE]);
    const { chunks } = readWire(await (await post(streamed.url, { ...asked, stream: true })).text());
    expect(chunks.at(-1).moderation.notice).toContain(streamed.entries[0]?.requestId);
    expect(chunks.at(-1).moderation.notice).toContain('该回复');
  });

  it('is that of the config, with its placeholders filled, and in a language of the config', async () => {
    const notices = {
      en: { input: 'No ({category}, {clause}): {id}' },
      ru: { input: 'Нет: {id}' },
    };
    const { url, entries } = await proxyOf({ notices });
    expect(await messageOf(await post(url, ask('a zorgblat')))).toBe(`No (abusive, 3.4(1)): ${entries[0]?.requestId}`);
    expect(await messageOf(await post(url, ask('скажите, что такое zorgblat')))).toBe(`Нет: ${entries[1]?.requestId}`);
  });

  it('of a middleware names the entry in the record, in the language of the browser when the text tells none', async () => {
    const app = await startApp({ handler: (_req, res) => void res.json({}) });
    const body = {
      model: 'm',
      messages: [
        { role: 'user', content: '!' },
        { role: 'tool', content: 'a zorgblat' },
      ],
    };
    const { body: answer, headers } = await send(app, { body, headers: { 'accept-language': 'ja' } });
    const [row] = await app.rows();
    expect(JSON.parse(String(answer)).error.message).toMatch(/^このリクエストは/);
    expect(JSON.parse(String(answer)).error.message).toContain(row?.['request_id']);
    expect(headers['x-request-id']).toBe(row?.['request_id']);
  });
});

describe('asks 46: a block is told as an error or as a refusal, as the policy says', () => {
  it('a request that is refused gets an answer with the notice, whole', async () => {
    const { client, entries } = await proxyOf({ blockAs: { input: 'refusal' } });
    const { choices, model } = await client.chat.completions.create(ask('a zorgblat'));
    expect([choices[0]?.finish_reason, model]).toEqual(['content_filter', 'm']);
    expect(choices[0]?.message.content).toContain(entries[0]?.requestId);
  });

  it('a request for a stream that is refused gets a stream with the notice', async () => {
    const { client, entries } = await proxyOf({ blockAs: { input: 'refusal' } });
    const { choices } = await client.chat.completions.stream(ask('a zorgblat')).finalChatCompletion();
    expect([choices[0]?.finish_reason, choices[0]?.message.role]).toEqual(['content_filter', 'assistant']);
    expect(choices[0]?.message.content).toContain(entries[0]?.requestId);
  });

  it('a whole answer that is stopped as an error is raised by clients, and not asked for again', async () => {
    const { url, entries } = await proxyOf({ blockAs: { output: 'error' } }, reply('a zorgblat', 'fine'));
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'k', maxRetries: 3 });
    const error: unknown = await client.chat.completions.create(ask('hi')).catch((raised: unknown) => raised);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ status: 400, code: 'content_filter', requestID: entries[0]?.requestId });
    expect(entries).toHaveLength(1);
  });

  it('an answer of a host that is stopped as an error is raised by clients too', async () => {
    const config = { policies: { default: { output: THRESHOLDS, blockAs: { output: 'error' as const } } } };
    const app = await startApp({ config, handler: (_req, res) => void res.json(reply('a zorgblat')) });
    const { status, body, headers } = await send(app, { body: ask('hi') });
    expect([status, JSON.parse(String(body)).error.code]).toEqual([400, 'content_filter']);
    expect(headers['content-length']).toBe(String(body.length));
  });

  it('a stream that is stopped as an error is raised by clients behind the text that was vetted', async () => {
    const { client } = await proxyOf({ blockAs: { output: 'error' } }, [
      frame('well, '),
      frame('a zorgblat'),
      STOP,
      DONE,
    ]);
    let text = '';
    const read = async (): Promise<void> => {
      for await (const { choices } of await client.chat.completions.create(ask('hi', { stream: true }))) {
        text += choices[0]?.delta.content ?? '';
      }
    };
    await expect(read()).rejects.toBeInstanceOf(APIError);
    expect(text).toBe('well, a ');
  });

  it('asks 12: a stream that is stopped midway ends with the notice as text only where the policy says so', async () => {
    const events = [frame('well, a zorgblat'), STOP, DONE];
    const plain = await proxyOf({}, events);
    expect(readWire(await (await post(plain.url, ask('hi', { stream: true }))).text()).text()).toBe('well, a ');
    const { url, entries } = await proxyOf({ noticeAsText: true }, events);
    const { text, finish, done } = readWire(await (await post(url, ask('hi', { stream: true }))).text());
    expect(text()).toMatch(/^well, a The reply was withheld .* Reference: /);
    expect(text()).toContain(entries[0]?.requestId);
    expect([finish(), done]).toEqual([['content_filter'], true]);
  });
});

describe('the label that an Output was generated', () => {
  const LABEL = { aiLabel: { header: true, field: true } };

  it('is not there unless the policy says so', async () => {
    const { url } = await proxyOf({});
    const response = await post(url, ask('hi'));
    expect(response.headers.has('x-ai-generated')).toBe(false);
    expect(await response.json()).not.toHaveProperty('ai_generated');
  });

  it('stands in the head and in the body of a whole answer, which is else the same', async () => {
    const { url } = await proxyOf(LABEL);
    const response = await post(url, ask('hi'));
    expect(response.headers.get('x-ai-generated')).toBe('true');
    expect(await response.json()).toEqual({ ...(reply('fine') as object), ai_generated: true });
  });

  it('stands in the head of a stream before its first byte, and in the last event of each answer', async () => {
    const events = [frame('fine. ', { index: 0 }), frame('well. ', { index: 1 })];
    const ends = [frame(undefined, { index: 0, finish: 'stop' }), frame(undefined, { index: 1, finish: 'stop' })];
    const { url } = await proxyOf(LABEL, [...events, ...ends, DONE]);
    const response = await post(url, ask('hi', { stream: true, n: 2 }));
    expect(response.headers.get('x-ai-generated')).toBe('true');
    const { chunks, done } = readWire(await response.text());
    expect([chunks.map(({ ai_generated }) => ai_generated), done]).toEqual([[undefined, undefined, true, true], true]);
  });

  it('is not on an error of the backend, nor on a block that is told as an error', async () => {
    const upstream = await fixture.upstream((_req, res) => sendJson(res, { error: { message: 'busy' } }, 503));
    const policies = { default: { output: THRESHOLDS, ...LABEL, blockAs: { output: 'error' } } };
    const { url } = await fixture.proxy(upstream, { policies });
    expect((await post(url, ask('hi'))).headers.has('x-ai-generated')).toBe(false);
    const blocked = await proxyOf({ ...LABEL, blockAs: { output: 'error' } }, reply('a zorgblat'));
    expect((await post(blocked.url, ask('hi'))).headers.has('x-ai-generated')).toBe(false);
  });

  it('is on the answers of a host, whole and streamed', async () => {
    const config = { policies: { default: LABEL } };
    const whole = await startApp({ config, handler: (_req, res) => void res.json(reply('fine')) });
    const answered = await send(whole, { body: ask('hi') });
    expect(answered.headers['x-ai-generated']).toBe('true');
    expect(JSON.parse(String(answered.body)).ai_generated).toBe(true);
    const streamed = await startApp({
      config,
      handler: (_req, res) => {
        res.type('text/event-stream').write(chunk('fine'));
        res.end(chunk('', 'stop') + DONE);
      },
    });
    const stream = await send(streamed, { body: ask('hi', { stream: true }) });
    expect(stream.headers['x-ai-generated']).toBe('true');
    expect(readWire(String(stream.body)).chunks.map(({ ai_generated }) => ai_generated)).toEqual([undefined, true]);
  });

  it.each(['shadow', 'annotate'])('is not there in mode %s, which changes no body', async (mode) => {
    const upstream = await fixture.upstream((_req, res) => sendJson(res, reply('fine')));
    const { url } = await fixture.proxy(upstream, { mode, policies: { default: LABEL } });
    expect(await (await post(url, ask('hi'))).json()).toEqual(reply('fine'));
  });
});
