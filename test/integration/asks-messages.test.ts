import Anthropic, { BadRequestError } from '@anthropic-ai/sdk';
import {
  answering,
  call,
  citing,
  eventsOf,
  readMessageWire,
  type StreamedBlock,
  text,
  thinking,
  wireOf,
} from '../support/anthropic-backend.js';
import { accumulate } from '../support/anthropic-client.js';
import { bodyOf, ProxyFixture, type RunningProxy, sendJson, signal, startStream } from '../support/proxy-fixture.js';

// What users of comparable systems complained about, as far as it concerns Anthropic Messages; the numbers are those of the list.
const fixture = new ProxyFixture();
afterAll(() => fixture.close());

const ask = (content: unknown) => ({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content }] });
const proxyOf = async (blocks: readonly StreamedBlock[], config: object = {}): Promise<RunningProxy> =>
  fixture.proxy(await fixture.upstream(answering(blocks)), config);
const post = (url: string, body: object, path = '/v1/messages'): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify(body),
  });

/** What a client gets of these blocks, and what the record says of it. */
async function streamed(blocks: readonly StreamedBlock[], extra: object = {}, config: object = {}) {
  const { url, entries } = await proxyOf(blocks, config);
  const wire = await (await post(url, { ...ask('hi'), stream: true, ...extra })).text();
  const events = readMessageWire(wire);
  return { wire, events, entries, message: await accumulate(events) };
}

describe('streaming', () => {
  it('asks 1: a stream of this format is screened, and the record says of each text what was done to it', async () => {
    const { entries, message } = await streamed([thinking('a quux'), text('fine '), call('{"q":"a zorgblat it"}')]);
    expect(message.stop_reason).toBe('refusal');
    expect(entries).toMatchObject([
      { outcome: 'screened', applied: 'redact', field: 'content[0].thinking' },
      { outcome: 'screened', applied: 'block', field: 'content[2].input[1]' },
    ]);
    const unread = await fixture.proxy(
      await fixture.upstream((_req, res) => {
        startStream(res)('event: message_start\ndata: {oops\n\n');
        res.end();
      }),
      { mode: 'shadow' },
    );
    await (await post(unread.url, { ...ask('hi'), stream: true })).text();
    expect(unread.entries).toMatchObject([{ outcome: 'unscreened', direction: 'output' }]);
  });

  it.each<[string, StreamedBlock]>([
    ['asks 2: split over two events', text('a zor', 'gblat b')],
    ['asks 15: letter by letter', text(...'a zorgblat b')],
    ['asks 16: in the last text before the end', text('a zorgbla', 't')],
    ['asks 2: split in the middle of an escape', call('{"q":"a z\\u00', '6frgblat b"}')],
    ['asks 44: letter by letter in the input of a tool', call(...'{"q":"a zorgblat b"}')],
  ])('a word never leaves, also in part: %s', async (_, block) => {
    const { events, wire } = await streamed([block]);
    const said = events.flatMap(({ delta }) => Object.values((delta ?? {}) as Record<string, unknown>));
    expect(said.filter((each) => typeof each === 'string').join('')).not.toMatch(/zo?r?g?b?l?a?t? b/);
    expect(wire).not.toMatch(/zor|gblat/);
  });

  it.each<[string, string[]]>([
    ['two blocks', ['a zor', 'gblat b']],
    ['four blocks', ['a z', 'or', 'gb', 'lat b']],
  ])('asks 2: a word that is cut into %s, as citations do, is no word less', async (_, pieces) => {
    const { message, entries, wire } = await streamed(pieces.map((piece) => text(piece)));
    expect(message.stop_reason).toBe('refusal');
    expect(wire).not.toContain('blat');
    const field = pieces.map((_piece, index) => `content[${index}].text`).join(' + ');
    expect(entries).toMatchObject([{ applied: 'block', field, hits: [{ span: { start: 2, end: 10 } }] }]);
    const { url, entries: whole } = await proxyOf(pieces.map((piece) => text(piece)));
    expect(await (await post(url, ask('hi'))).json()).toMatchObject({ stop_reason: 'refusal' });
    expect(whole.map(({ hits }) => hits)).toEqual(entries.map(({ hits }) => hits));
  });

  it('asks 3, 7, 10: harmless words leave while the backend is still working on the next ones', async () => {
    const went = signal();
    const upstream = await fixture.upstream(async (_req, res) => {
      const events = eventsOf([text('One harmless sentence. And another ')]);
      startStream(res)(wireOf(events.slice(0, 4)));
      await went.promise;
      res.end(wireOf(events.slice(4)));
    });
    const client = new Anthropic({ baseURL: (await fixture.proxy(upstream)).url, apiKey: 'none' });
    let said = '';
    for await (const event of client.messages.stream({ model: 'm', max_tokens: 9, messages: [] })) {
      if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') continue;
      said += event.delta.text;
      went.resolve();
    }
    expect(said).toBe('One harmless sentence. And another ');
  });

  it('asks 8: text is judged as the user will read it, not with spaces between the pieces', async () => {
    const { message, entries } = await streamed([text('quux', 'ford is a town')]);
    expect([message.content, entries]).toMatchObject([[{ text: 'quuxford is a town' }], []]);
  });

  it('asks 12: no notice is appended to half an answer', async () => {
    const { message } = await streamed([text('well, a zorgblat')]);
    expect(message.content).toMatchObject([{ type: 'text', text: 'well, a ' }]);
    expect(message.stop_details?.explanation).toContain('Reference: ');
  });

  it('asks 14: every block is held on its own, also where their events are mixed', async () => {
    const upstream = await fixture.upstream((_req, res) => {
      const [start, , first, ...rest] = eventsOf([text('a zor', 'lon'), thinking('zor', 'gen')]);
      const [one, two, stop, second, three, four, ...end] = rest;
      startStream(res)(wireOf([start, first, second, one, three, two, four, stop, ...end].map((event) => event ?? {})));
      res.end();
    });
    const { url } = await fixture.proxy(upstream);
    const events = readMessageWire(await (await post(url, { ...ask('hi'), stream: true })).text());
    expect((await accumulate(events)).content).toMatchObject([{ text: 'a zorlon' }, { thinking: 'zorgen' }]);
  });
});

describe('the shape of a block', () => {
  it('asks 18, 21, 31: an Input gets 400 and is told why, by category and reference, never by the word', async () => {
    const { url, entries } = await proxyOf([text('x')]);
    const response = await post(url, ask('a zorgblat'));
    const body = await response.text();
    const { requestId } = entries[0] ?? {};
    expect(response.status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({
      type: 'error',
      error: { message: expect.stringContaining(`Reference: ${requestId}`), moderation: { category: 'abusive' } },
      request_id: requestId,
    });
    expect(body).not.toContain('zorgblat');
  });

  it('asks 19, 26: a blocked stream closes its block, then tells the reason and the usage, then ends', async () => {
    const { events } = await streamed([text('a zorgblat it', ' more')]);
    expect(events.slice(-3)).toMatchObject([
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'refusal' }, usage: { input_tokens: 7, output_tokens: 1 } },
      { type: 'message_stop' },
    ]);
  });

  it.each<[string, StreamedBlock]>([
    ['with some of its input', call('{"q":"a zor', 'gblat it"}')],
    ['without any of its input', call('zorgblat ')],
  ])('asks 20: half a tool call is closed so that nobody executes it, %s', async (_, block) => {
    const { events, message } = await streamed([block]);
    expect(message.stop_reason).toBe('refusal');
    const input = events.map(({ delta }) => ((delta ?? {}) as { partial_json?: string }).partial_json ?? '').join('');
    expect(input).not.toBe('');
    expect(() => JSON.parse(input)).toThrow();
  });

  it('asks 22: the event that ends a blocked message has what clients read without a check', async () => {
    const { events } = await streamed([text('a zorgblat it')]);
    expect(events.at(-2)).toMatchObject({ delta: expect.any(Object), usage: { output_tokens: expect.any(Number) } });
  });

  it('asks 23, 24: to the official client a block in a stream is an end and no error', async () => {
    const { url } = await proxyOf([text('a zorgblat it')]);
    const client = new Anthropic({ baseURL: url, apiKey: 'none' });
    const stream = client.messages.stream({ model: 'm', max_tokens: 9, messages: [] });
    expect(await stream.finalMessage()).toMatchObject({ stop_reason: 'refusal' });
    expect(stream.errored).toBe(false);
  });

  it('asks 27: an Input that asks for a stream is blocked before there is one, so that clients need not read events', async () => {
    const { url } = await proxyOf([text('x')]);
    const client = new Anthropic({ baseURL: url, apiKey: 'none' });
    const asked = client.messages.create({
      model: 'm',
      max_tokens: 9,
      stream: true,
      messages: [{ role: 'user', content: 'a zorgblat' }],
    });
    await expect(asked).rejects.toBeInstanceOf(BadRequestError);
  });
});

describe('coverage', () => {
  it.each([
    ['true', true],
    ['a word', 'true'],
    ['a number', 1],
  ])('asks 40: `stream` as %s goes round nothing', async (_, stream) => {
    const upstream = await fixture.upstream((_req, res) => {
      startStream(res)(wireOf(eventsOf([text('a zorgblat it')])));
      res.end();
    });
    const { url } = await fixture.proxy(upstream);
    const events = readMessageWire(await (await post(url, { ...ask('hi'), stream })).text());
    expect((await accumulate(events)).stop_reason).toBe('refusal');
  });

  it.each([
    ['/v1/messages'],
    ['/anthropic/v1/messages?beta=true'],
    ['/v1/messages/count_tokens'],
    ['/v1/messages/batches'],
  ])('asks 5: checks run on every way to a message: %s', async (path) => {
    const { url } = await proxyOf([text('a zorgblat')]);
    expect((await post(url, { ...ask('a zorgblat'), requests: [] }, path)).status).toBe(400);
    expect(await (await post(url, ask('hi'), path)).json()).toMatchObject({ stop_reason: 'refusal' });
  });

  it.each<[string, object]>([
    [
      '45: the second of two blocks',
      ask([
        { type: 'text', text: 'hi' },
        { type: 'text', text: 'a zorgblat' },
      ]),
    ],
    ['2: a word in two blocks', ask(['a zor', 'gblat'].map((piece) => ({ type: 'text', text: piece })))],
    ['2: a word in two messages', { messages: ['a zor', 'gblat'].map((content) => ({ role: 'user', content })) }],
    [
      '2: a word in two blocks of the system text',
      { system: ['a zor', 'gblat'].map((piece) => ({ type: 'text', text: piece })) },
    ],
    ['45: a second field of one block', ask([{ type: 'document', title: 'hi', context: 'a zorgblat', source: {} }])],
    ['45: the system text', { ...ask('hi'), system: [{ type: 'text', text: 'a zorgblat' }] }],
    [
      '45: a tool result',
      ask([{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'a zorgblat' }] }]),
    ],
    [
      '45: a plain document',
      ask([{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'zorgblat' } }]),
    ],
    [
      '45: a search result',
      ask([{ type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'a zorgblat' }] }]),
    ],
    ['45: the start of the answer to be', { ...ask('hi'), messages: [{ role: 'assistant', content: 'a zorgblat' }] }],
    [
      '45: the description of a tool',
      { ...ask('hi'), tools: [{ name: 'f', description: 'a zorgblat', input_schema: {} }] },
    ],
    [
      '44, 46: the input of an earlier tool call',
      ask([{ type: 'tool_use', id: 't', name: 'f', input: { q: ['a zorgblat'] } }]),
    ],
    ['47: earlier thinking', ask([{ type: 'thinking', thinking: 'a zorgblat', signature: 'c2ln' }])],
    ['45: a request of a batch', { requests: [{ custom_id: 'c', params: ask('a zorgblat') }] }],
  ])('asks %s is screened in a request', async (_, body) => {
    let called = false;
    const upstream = await fixture.upstream(async (req, res) => {
      called = (await bodyOf(req)).length > 0;
      sendJson(res, {});
    });
    const { url } = await fixture.proxy(upstream);
    expect([(await post(url, body)).status, called]).toEqual([400, false]);
  });

  it.each<[string, StreamedBlock]>([
    ['44: the input of a tool call', call('{"q":"a zor', 'gblat x"}')],
    ['44: the key of a tool input', call('{"a zor', 'gblat x":1}')],
    ['47: thinking', thinking('a zor', 'gblat x')],
    ['45: a citation', citing(text('x '), 'a zorgblat x')],
    [
      '45: the result of a server tool',
      { start: { type: 'web_search_tool_result', content: [{ title: 'a zorgblat x' }] }, deltas: [] },
    ],
  ])('asks %s is screened in an answer, whole and streamed', async (_, block) => {
    const { url } = await proxyOf([block]);
    const whole = await (await post(url, ask('hi'))).text();
    const { wire, message } = await streamed([block]);
    expect([JSON.parse(whole).stop_reason, message.stop_reason]).toEqual(['refusal', 'refusal']);
    expect(whole + wire).not.toMatch(/zor|gblat/);
  });
});
