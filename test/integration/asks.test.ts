import type { ServerResponse } from 'node:http';
import { BadRequestError } from 'openai';
import {
  ask,
  bodyOf,
  DONE,
  frame,
  ProxyFixture,
  type RunningProxy,
  readWire,
  reply,
  sendJson,
  signal,
  startStream,
} from '../support/proxy-fixture.js';

// What users of comparable systems complained about, as far as it concerns chat completions; the numbers are those of the list.
const fixture = new ProxyFixture();
afterAll(() => fixture.close());

const delta = (fields: object, finish: string | null = null, index = 0): string =>
  frame(undefined, { extra: { choices: [{ index, delta: fields, logprobs: null, finish_reason: finish }] } });
const toolDelta = (text: string, index = 0): string =>
  delta({ tool_calls: [{ index, function: { arguments: text } }] });
const STOP = frame(undefined, { finish: 'stop' });

/** A proxy in front of a backend that streams these events, or answers with this body. */
async function proxyOf(answer: readonly string[] | object, config: object = {}): Promise<RunningProxy> {
  const upstream = await fixture.upstream((_req, res) => {
    if (!Array.isArray(answer)) return sendJson(res, answer);
    const write = startStream(res);
    for (const wire of answer) write(wire);
    res.end();
  });
  return fixture.proxy(upstream, config);
}

const post = (url: string, body: object, path = '/v1/chat/completions'): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function streamed(answer: readonly string[], extra: object = {}) {
  const proxy = await proxyOf(answer);
  const response = await post(proxy.url, ask('hi', { stream: true, ...extra }));
  return { ...proxy, response, ...readWire(await response.text()) };
}

describe('streaming', () => {
  it('asks 1: the record of a stream says what was done to it, and never that unread text was screened', async () => {
    const screened = await streamed([frame('a quux '), STOP, DONE]);
    expect(screened.entries).toMatchObject([{ outcome: 'screened', applied: 'redact', field: 'choices[0].content' }]);
    const unread = await proxyOf(['data: {oops\n\n', DONE], { mode: 'shadow' });
    await (await post(unread.url, ask('hi', { stream: true }))).text();
    expect(unread.entries).toMatchObject([{ outcome: 'unscreened', direction: 'output' }]);
  });

  it.each([
    ['asks 2: split over two events', [frame('a zor'), frame('gblat b')]],
    ['asks 15: letter by letter', [...'a zorgblat b'].map((letter) => frame(letter))],
    ['asks 16: in the last text before the end', [frame('a zorgbla'), frame('t')]],
    ['asks 42: with nothing configured but the word', [frame('a zorgblat')]],
  ])('a word never leaves, also in part: %s', async (_, events) => {
    const { text, finish, done } = await streamed([...events, STOP, DONE]);
    expect([text(), finish(), done]).toEqual(['a ', ['content_filter'], true]);
  });

  it('asks 3, 7, 10: harmless words leave while the backend is still working on the next ones', async () => {
    const began = signal<ServerResponse>();
    const upstream = await fixture.upstream((_req, res) => {
      startStream(res)(frame('One harmless sentence. And another '));
      began.resolve(res);
    });
    const { client } = await fixture.proxy(upstream);
    const stream = await client.chat.completions.create(ask('hi', { stream: true }));
    const chunks = stream[Symbol.asyncIterator]();
    const first = await chunks.next();
    expect(first.value?.choices[0]?.delta.content).toContain('One harmless sentence.');
    (await began.promise).end(STOP + DONE);
    while ((await chunks.next()).done !== true);
  });

  it('asks 8: text is judged as the user will read it, not with spaces between the pieces', async () => {
    const { text, entries } = await streamed([frame('quux'), frame('ford is a town'), STOP, DONE]);
    expect([text(), entries]).toEqual(['quuxford is a town', []]);
  });

  it('asks 11: a stream gets the verdict of the whole text', async () => {
    const text = 'quux. A quux and a quuxford. Quux';
    const whole = await proxyOf(reply(text));
    await (await post(whole.url, ask('hi'))).text();
    const { entries } = await streamed([...text].map((letter) => frame(letter)).concat(STOP, DONE));
    expect(entries[0]?.hits).toEqual(whole.entries[0]?.hits);
    expect(entries[0]?.hits).toHaveLength(3);
  });

  it('asks 12: no notice is appended to half an answer', async () => {
    const { text, chunks } = await streamed([frame('well, a zorgblat'), STOP, DONE]);
    expect(text()).toBe('well, a ');
    expect(chunks.at(-1)).toMatchObject({ choices: [{ delta: {} }], moderation: { notice: expect.any(String) } });
  });

  it('asks 14: every answer and every kind of text in it is held on its own', async () => {
    const { text, chunks, finish } = await streamed(
      [
        frame('a zor', { index: 0 }),
        frame('a qu', { index: 1 }),
        delta({ reasoning_content: 'zor' }, null, 1),
        frame('lon', { index: 0 }),
        frame('ick', { index: 1 }),
        delta({ reasoning_content: 'gen' }, null, 1),
        frame(undefined, { index: 0, finish: 'stop' }),
        frame(undefined, { index: 1, finish: 'stop' }),
        DONE,
      ],
      { n: 2 },
    );
    const reasoning = chunks.map((chunk) => chunk.choices[0]?.delta.reasoning_content ?? '').join('');
    expect([text(0), text(1), reasoning]).toEqual(['a zorlon', 'a quick', 'zorgen']);
    expect([finish(0), finish(1)]).toEqual([['stop'], ['stop']]);
  });

  it('asks 17: a stream without a hit arrives whole, with its comments, usage and end', async () => {
    const usage = frame(undefined, { extra: { choices: [], usage: { total_tokens: 3 } } });
    const events = [': keep-alive\n\n', frame('fine '), frame('words'), STOP, usage, DONE];
    const { response, url } = await streamed(events);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const again = await (await post(url, ask('hi', { stream: true }))).text();
    expect(readWire(again).text()).toBe('fine words');
    for (const event of [events[0], STOP, usage, DONE]) expect(again).toContain(event);
  });
});

describe('the shape of a block', () => {
  it('asks 18, 21, 31: an Input gets 400 and is told why, by category and reference, never by the word', async () => {
    const { url, entries } = await proxyOf(reply('x'));
    const response = await post(url, ask('a zorgblat'));
    const text = await response.text();
    expect(response.status).toBe(400);
    const { requestId } = entries[0] ?? {};
    expect(JSON.parse(text).error).toMatchObject({
      code: 'content_filter',
      message: expect.stringContaining(`Reference: ${requestId}`),
      moderation: { category: 'abusive', hit_id: requestId },
    });
    expect(text).not.toContain('zorgblat');
  });

  it('asks 19: a stream is ended and not cut: a finish reason, then [DONE], then nothing', async () => {
    const { finish, done, events } = await streamed([frame('a zorgblat it'), frame('more'), STOP, DONE]);
    expect([finish(), done, events.filter((data) => data === '[DONE]')]).toEqual([
      ['content_filter'],
      true,
      ['[DONE]'],
    ]);
  });

  it('asks 20: half a tool call is closed as filtered, so that nobody executes it', async () => {
    const { client } = await proxyOf([
      delta({
        role: 'assistant',
        tool_calls: [{ index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '' } }],
      }),
      toolDelta('{"q":"a zor'),
      toolDelta('gblat it"}'),
      frame(undefined, { finish: 'tool_calls' }),
      DONE,
    ]);
    const { choices } = await client.chat.completions.stream(ask('hi')).finalChatCompletion();
    expect(choices[0]?.finish_reason).toBe('content_filter');
    const call = choices[0]?.message.tool_calls?.[0];
    const args = call !== undefined && 'function' in call ? call.function.arguments : '';
    expect(() => JSON.parse(args)).toThrow();
    expect(args).not.toContain('zor');
  });

  it('asks 22: every chunk of a blocked stream has choices, and every choice a delta', async () => {
    const { chunks } = await streamed([frame('a zorgblat it'), STOP, DONE]);
    for (const { choices } of chunks) expect(choices).toMatchObject([{ index: 0, delta: expect.any(Object) }]);
  });

  it('asks 22: frames of Azure without choices or without a delta pass, and what they say is withheld stands in the record', async () => {
    const results = (filtered: boolean) => ({ violence: { filtered, severity: 'medium' } });
    const azure = (fields: object): string => `data: ${JSON.stringify({ id: '', model: '', ...fields })}\n\n`;
    const offsets = { check_offset: 0, start_offset: 0, end_offset: 9 };
    const noDelta = {
      index: 0,
      finish_reason: null,
      content_filter_results: results(true),
      content_filter_offsets: offsets,
    };
    const events = [
      azure({ choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: results(true) }] }),
      frame('fine words'),
      azure({ choices: [noDelta] }),
      STOP,
      DONE,
    ];
    const { url, entries } = await proxyOf(events);
    expect(await (await post(url, ask('hi', { stream: true }))).text()).toBe(events.join(''));
    expect(entries).toMatchObject([
      { outcome: 'upstream-filtered', direction: 'input', field: 'prompts[0]' },
      { outcome: 'upstream-filtered', direction: 'output', field: 'choices[0]' },
    ]);
  });

  it('asks 25: a stream that the backend ends with `content_filter` and no `[DONE]` is a normal end', async () => {
    const { client, entries } = await proxyOf([frame('well a quux'), frame(undefined, { finish: 'content_filter' })]);
    const seen = [];
    for await (const { choices } of await client.chat.completions.create(ask('hi', { stream: true }))) {
      seen.push([choices[0]?.delta.content ?? '', choices[0]?.finish_reason]);
    }
    expect(seen.map(([text]) => text).join('')).toBe('well a #');
    expect(seen.at(-1)?.[1]).toBe('content_filter');
    expect(entries).toMatchObject([{ outcome: 'upstream-filtered' }, { outcome: 'screened', applied: 'redact' }]);
  });

  it('asks 23, 24: to the official client a block in a stream is an end and no error', async () => {
    const { client } = await proxyOf([frame('a zorgblat it'), STOP, DONE]);
    const finishes = [];
    for await (const { choices } of await client.chat.completions.create(ask('hi', { stream: true }))) {
      finishes.push(choices[0]?.finish_reason);
    }
    expect(finishes.at(-1)).toBe('content_filter');
  });

  it.each([
    ['at once', 'zorgblat it', null],
    ['after some words', 'well, a zorgblat it', 'well, a '],
  ])(
    'asks 23: a block in the very event that names the role leaves a whole message to helpers of the client: %s',
    async (_, content, left) => {
      const { client } = await proxyOf([delta({ role: 'assistant', content }), STOP, DONE]);
      const { choices } = await client.chat.completions.stream(ask('hi')).finalChatCompletion();
      expect(choices).toMatchObject([
        { finish_reason: 'content_filter', message: { role: 'assistant', content: left } },
      ]);
    },
  );

  it('asks 20: a block in an event that holds a whole tool call leaves a message that helpers of the client can read', async () => {
    const call = { index: 0, id: 't', type: 'function', function: { name: 'f', arguments: '{"q":"a zorgblat it"}' } };
    const { client } = await proxyOf([delta({ role: 'assistant', content: '', tool_calls: [call] }), STOP, DONE]);
    const { choices } = await client.chat.completions.stream(ask('hi')).finalChatCompletion();
    expect(choices).toMatchObject([{ finish_reason: 'content_filter', message: { tool_calls: [{ id: 't' }] } }]);
    expect(JSON.stringify(choices)).not.toContain('zor');
  });

  it('asks 27: an Input that asks for a stream is blocked before there is one, so that clients need not read events', async () => {
    const { client, url } = await proxyOf([STOP, DONE]);
    const response = await post(url, ask('a zorgblat', { stream: true }));
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/json']);
    const asked = client.chat.completions.create(ask('a zorgblat', { stream: true }));
    await expect(asked).rejects.toBeInstanceOf(BadRequestError);
  });
});

describe('privacy', () => {
  it('asks 28, 29, 30, 37: no text of either side in log, record or error, whatever happens', async () => {
    const answers = [
      reply('an answer with quux'),
      { error: { message: 'you said zorgblat' } },
      [frame('a zorgblat'), STOP],
    ];
    for (const answer of answers) {
      const { url, entries, log } = await proxyOf(answer);
      for (const text of ['a quux in private', 'a zorgblat in private']) {
        const answered = await (await post(url, ask(text))).text();
        expect(answered).not.toMatch(/zorgblat|quux/);
      }
      expect(entries.length).toBeGreaterThan(0);
      expect(JSON.stringify(entries) + log()).not.toMatch(/zorgblat|quux|private|an answer/);
    }
  });

  it('asks 32: what is blocked is in the metrics, both ways', async () => {
    const { url, metrics } = await proxyOf(reply('a zorgblat'));
    await (await post(url, ask('a zorgblat'))).text();
    await (await post(url, ask('hi'))).text();
    const told = await metrics.registry.getSingleMetricAsString('sluice_screened_total');
    expect(told).toContain('sluice_screened_total{direction="input",action="block"} 1');
    expect(told).toContain('sluice_screened_total{direction="output",action="block"} 1');
  });
});

describe('coverage', () => {
  it.each([
    ['true', true],
    ['a word', 'true'],
    ['a number', 1],
  ])('asks 40: `stream` as %s goes round nothing', async (_, stream) => {
    const { text, finish } = await streamed([frame('a zorgblat it'), STOP, DONE], { stream });
    expect([text(), finish()]).toEqual(['a ', ['content_filter']]);
  });

  it.each([
    ['left out', {}],
    ['true', { stream: true }],
    ['false', { stream: false }],
  ])('asks 40: in Ollama, which streams by default, `stream` %s goes round nothing', async (_, stream) => {
    const line = (content: string, done: boolean): string =>
      `${JSON.stringify({ model: 'm', created_at: 't', message: { role: 'assistant', content }, done })}\n`;
    const upstream = await fixture.upstream((_req, res) => {
      const whole = 'stream' in stream && !stream.stream;
      res.writeHead(200, { 'content-type': whole ? 'application/json' : 'application/x-ndjson' });
      res.end(whole ? line('a zorgblat', true) : line('a zorg', false) + line('blat', false) + line('', true));
    });
    const { url } = await fixture.proxy(upstream);
    const text = await (await post(url, { ...ask('hi'), ...stream }, '/api/chat')).text();
    expect(text).not.toContain('blat');
    expect(JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      done: true,
      done_reason: 'content_filter',
    });
  });

  it('asks 47: thinking of Ollama is let through as it comes, and judged, whatever its key', async () => {
    for (const key of ['thinking', 'reasoning', 'reasoning_content']) {
      const line = (text: string): string =>
        `${JSON.stringify({ model: 'm', created_at: 't', message: { role: 'assistant', content: '', [key]: text }, done: false })}\n`;
      const more = signal();
      const upstream = await fixture.upstream(async (_req, res) => {
        res.writeHead(200, { 'content-type': 'application/x-ndjson' });
        res.write(line('fine words '));
        await more.promise;
        res.end(line('a zorg') + line('blat now'));
      });
      const { url } = await fixture.proxy(upstream);
      const reader = (await post(url, ask('hi'), '/api/chat')).body?.getReader();
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain('fine words');
      more.resolve();
      let rest = '';
      for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
        rest += Buffer.from(part.value);
      expect(rest).not.toContain('blat');
      expect(rest).toContain('"done_reason":"content_filter"');
    }
  });

  it('asks 41: a client that goes in the middle does not keep a hit out of the record', async () => {
    const gone = signal();
    const upstream = await fixture.upstream((_req, res) => {
      startStream(res)(frame('One sentence. ') + frame('a zorg') + frame('blat'));
      res.on('close', gone.resolve);
    });
    const { client, entries } = await fixture.proxy(upstream);
    const stream = await client.chat.completions.create(ask('hi', { stream: true }));
    for await (const _ of stream) break;
    await gone.promise;
    while (entries.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(entries).toMatchObject([{ direction: 'output', applied: 'block' }]);
  });

  it.each([
    ['/v1/chat/completions'],
    ['/openai/deployments/gpt/chat/completions?api-version=2024-10-21'],
    ['/beta/chat/completions'],
    ['/proxy/anything'],
  ])('asks 5: checks run on every way to a chat: %s', async (path) => {
    const { url } = await proxyOf(reply('a zorgblat'));
    expect((await post(url, ask('a zorgblat'), path)).status).toBe(400);
    const { choices } = (await (await post(url, ask('hi'), path)).json()) as { choices: { finish_reason: string }[] };
    expect(choices[0]?.finish_reason).toBe('content_filter');
  });

  it.each<[path: string, body: object]>([
    ['/v1/completions', { model: 'm', prompt: 'a zorgblat' }],
    ['/openai/deployments/d/completions?api-version=1', { prompt: ['hi', 'a zorgblat'] }],
    ['/beta/completions', { model: 'm', prompt: 'hi', suffix: 'a zorgblat' }],
    ['/v1/embeddings', { model: 'm', input: ['hi', 'a zorgblat'] }],
    ['/v1/images/generations', { model: 'm', prompt: 'a zorgblat' }],
    ['/v1/audio/speech', { model: 'm', input: 'a zorgblat', voice: 'v' }],
    ['/v1/rerank', { model: 'm', query: 'hi', documents: [{ text: 'a zorgblat' }] }],
    ['/api/chat', { model: 'm', messages: [{ role: 'user', content: 'a zorgblat' }] }],
    ['/api/generate', { model: 'm', prompt: 'hi', system: 'a zorgblat' }],
    ['/api/embed', { model: 'm', input: 'a zorgblat' }],
    ['/api/embeddings', { model: 'm', prompt: 'a zorgblat' }],
  ])('asks 43: every way for text into a model is screened: %s', async (path, body) => {
    const { url, entries } = await proxyOf({});
    const response = await post(url, body, path);
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain('zorgblat');
    expect(entries).toMatchObject([{ outcome: 'screened', applied: 'block', direction: 'input' }]);
  });

  it('asks 43: what is not screened is counted, recorded, and refused where the config says so', async () => {
    const body = { file: 'a zorgblat' };
    const open = await proxyOf({ choices: [] });
    expect((await post(open.url, body, '/v1/audio/transcriptions')).status).toBe(200);
    expect(open.entries).toMatchObject([
      { outcome: 'unscreened', applied: 'allow', route: '/v1/audio/transcriptions' },
    ]);
    const closed = await proxyOf({ choices: [] }, { unscreened: 'refuse' });
    expect((await post(closed.url, body, '/v1/audio/transcriptions')).status).toBe(403);
    expect(closed.entries).toMatchObject([{ outcome: 'unscreened', applied: 'block' }]);
  });

  it.each<[string, object]>([
    [
      '45: the second of two parts',
      ask([
        { type: 'text', text: 'hi' },
        { type: 'text', text: 'a zorgblat' },
      ] as never),
    ],
    ['45: a second field of one message', { messages: [{ role: 'user', content: 'hi', name: 'a zorgblat' }] }],
    ['45: an earlier message', { messages: [{ role: 'user', content: 'a zorgblat' }, ...ask('hi').messages] }],
    ['45: a system message', { messages: [{ role: 'system', content: 'a zorgblat' }, ...ask('hi').messages] }],
    ['45: a tool result', { messages: [{ role: 'tool', tool_call_id: 'x', content: 'a zorgblat' }] }],
    [
      '45: the start of the answer to be',
      { messages: [...ask('hi').messages, { role: 'assistant', content: 'a zorgblat', prefix: true }] },
    ],
    [
      '45: the description of a tool',
      { ...ask('hi'), tools: [{ type: 'function', function: { name: 'f', description: 'a zorgblat' } }] },
    ],
    [
      '46: earlier tool-call arguments',
      {
        messages: [
          { role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '{"q":"a z\\u006frgblat"}' } }] },
        ],
      },
    ],
    ['47: earlier reasoning', { messages: [{ role: 'assistant', content: 'x', reasoning: 'a zorgblat' }] }],
  ])('asks %s is screened in a request', async (_, body) => {
    let called = false;
    const upstream = await fixture.upstream(async (req, res) => {
      called = (await bodyOf(req)).length > 0;
      sendJson(res, reply('x'));
    });
    const { url } = await fixture.proxy(upstream);
    expect([(await post(url, body)).status, called]).toEqual([400, false]);
  });

  it.each<[string, object, (text: string) => object]>([
    [
      '46: tool-call arguments',
      { tool_calls: [{ function: { name: 'f', arguments: '{"q":"a zorgblat x"}' } }] },
      (text) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] }),
    ],
    [
      '46: arguments of the older kind',
      { function_call: { name: 'f', arguments: 'a zorgblat x' } },
      (text) => ({ function_call: { arguments: text } }),
    ],
    ['47: `reasoning`', { reasoning: 'a zorgblat x' }, (text) => ({ reasoning: text })],
    ['47: `reasoning_content`', { reasoning_content: 'a zorgblat x' }, (text) => ({ reasoning_content: text })],
    [
      '47: `reasoning_details`',
      { reasoning_details: [{ type: 'reasoning.text', text: 'a zorgblat x' }] },
      (text) => ({ reasoning_details: [{ type: 'reasoning.text', text }] }),
    ],
    ['45: a refusal', { refusal: 'a zorgblat x' }, (text) => ({ refusal: text })],
  ])('asks %s is screened in an answer, whole and streamed', async (_, message, piece) => {
    const body = {
      choices: [{ index: 0, message: { role: 'assistant', content: 'x', ...message }, finish_reason: 'stop' }],
    };
    const whole = await (await post((await proxyOf(body)).url, ask('hi'))).text();
    const parts = await streamed([delta(piece('a zor')), delta(piece('gblat x')), STOP, DONE]);
    expect([JSON.parse(whole).choices[0].finish_reason, parts.finish()]).toEqual([
      'content_filter',
      ['content_filter'],
    ]);
    expect(whole + JSON.stringify(parts.chunks)).not.toContain('zor');
  });
});
