import { wireOf } from '../support/anthropic-backend.js';
import { frozenClock } from '../support/clocks.js';
import { ask, bodyOf, DONE, frame, ProxyFixture, readWire, sendJson, startStream } from '../support/proxy-fixture.js';
import { accumulateResponse, responseEvents, responseOf, type StreamedItem } from '../support/responses-backend.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());

const cite = (start: number, end: number) => ({ start_index: start, end_index: end, url: 'https://a', title: 'A' });
const TEXT = 'one quux two';

async function proxyOf(whole: object, events: string): Promise<string> {
  const upstream = await fixture.upstream(async (req, res) => {
    if (JSON.parse((await bodyOf(req)).toString()).stream !== true) return sendJson(res, whole);
    startStream(res)(events);
    res.end();
  });
  return (await fixture.proxy(upstream)).url;
}

const jsonOf = async (response: Response) => JSON.parse(await response.text());

const post = (url: string, path: string, body: object): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('citations that count through a text of which a part was replaced', () => {
  const CHAT = '/v1/chat/completions';
  const annotations = [cite(0, 3), cite(4, 8), cite(9, 12)].map((url_citation) => ({
    type: 'url_citation',
    url_citation,
  }));

  it('move or go in a chat', async () => {
    const message = { role: 'assistant', content: TEXT, annotations };
    const url = await proxyOf({ choices: [{ index: 0, message, finish_reason: 'stop' }] }, '');
    const answer = await jsonOf(await post(url, CHAT, ask('hi')));
    expect(answer.choices[0].message).toMatchObject({
      content: 'one # two',
      annotations: [{ url_citation: cite(0, 3) }, { url_citation: cite(6, 9) }],
    });
  });

  it('stay in a streamed chat as far as nothing was replaced before them', async () => {
    const choices = [{ index: 0, delta: { annotations }, finish_reason: null }];
    const events = [frame('one qu'), frame('ux two '), frame(undefined, { extra: { choices } })];
    const url = await proxyOf({}, [...events, frame(undefined, { finish: 'stop' }), DONE].join(''));
    const { chunks, text } = readWire(await (await post(url, CHAT, ask('hi', { stream: true }))).text());
    expect(text()).toBe('one # two ');
    expect(chunks.flatMap(({ choices: [choice] }) => choice.delta.annotations ?? [])).toEqual([annotations[0]]);
  });

  it('move or go in a response, whole and streamed', async () => {
    const part = {
      type: 'output_text' as const,
      pieces: ['one qu', 'ux two'],
      annotations: [cite(0, 3), cite(4, 8), cite(9, 12)],
    };
    const items: StreamedItem[] = [{ type: 'message', parts: [part] }];
    const url = await proxyOf(responseOf(items), wireOf(responseEvents(items)));
    const content = [{ text: 'one # two', annotations: [cite(0, 3), cite(6, 9)] }];
    const whole = await jsonOf(await post(url, '/v1/responses', { model: 'm', input: 'hi' }));
    expect(whole.output).toMatchObject([{ content }]);
    const wire = await (await post(url, '/v1/responses', { model: 'm', input: 'hi', stream: true })).text();
    expect((await accumulateResponse(wire)).output).toMatchObject([{ content }]);
    const told = [...wire.matchAll(/data: (.*annotation\.added.*)/g)].map(([, data]) => JSON.parse(String(data)));
    expect(told.map(({ annotation }) => annotation)).toEqual([cite(0, 3)]);
  });
});

describe('asks 2: a word that runs over the parts of a response is no word less', () => {
  const says = (...parts: string[]): StreamedItem => ({
    type: 'message',
    parts: parts.map((piece) => ({ type: 'output_text', pieces: [piece] })),
  });

  it.each<[name: string, items: StreamedItem[], field: string]>([
    ['two parts', [says('a zor', 'gblat b')], 'output[0].content[0].text + output[0].content[1].text'],
    ['two messages', [says('a zor'), says('gblat b')], 'output[0].content[0].text + output[1].content[0].text'],
    [
      'parts and messages',
      [says('well', ' a z'), says('or', 'gblat b')],
      'output[0].content[0].text + output[0].content[1].text + output[1].content[0].text + output[1].content[1].text',
    ],
  ])('%s, whole and streamed', async (_, items, field) => {
    const upstream = await fixture.upstream(async (req, res) => {
      if (JSON.parse((await bodyOf(req)).toString()).stream !== true) return sendJson(res, responseOf(items));
      startStream(res)(wireOf(responseEvents(items)));
      res.end();
    });
    for (const stream of [false, true]) {
      const { url, entries } = await fixture.proxy(upstream);
      const text = await (await post(url, '/v1/responses', { model: 'm', input: 'hi', stream })).text();
      expect(text).not.toContain('gblat');
      expect(text).toContain('"reason":"content_filter"');
      expect(entries).toMatchObject([{ applied: 'block', field }]);
    }
  });

  it('reasoning and a call between them part two messages', async () => {
    const call: StreamedItem = { type: 'function_call', pieces: ['{}'] };
    const items = [says('a zor'), call, says('gblat b')];
    const url = await proxyOf(responseOf(items), '');
    expect(await (await post(url, '/v1/responses', { model: 'm', input: 'hi' })).json()).toEqual(responseOf(items));
  });
});

describe('refusals say when they were made', () => {
  const NOW = 1_756_000_000_123;
  const clock = { ...frozenClock, now: () => NOW };

  it.each<[path: string, body: object, at: (answer: Record<string, unknown>) => unknown, made: unknown]>([
    ['/v1/responses', { input: 'a zorgblat' }, ({ created_at }) => created_at, 1_756_000_000],
    ['/v1/chat/completions', ask('a zorgblat'), ({ created }) => created, 1_756_000_000],
    ['/v1/completions', { prompt: 'a zorgblat' }, ({ created }) => created, 1_756_000_000],
    ['/api/chat', { ...ask('a zorgblat'), stream: false }, ({ created_at }) => created_at, new Date(NOW).toISOString()],
  ])('%s, whole and streamed', async (path, body, at, made) => {
    const thresholds = { abusive: { block: 0.99 } };
    const policies = { default: { input: thresholds, blockAs: { input: 'refusal' } } };
    const { url } = await fixture.proxy('http://127.0.0.1:9', { policies }, { clock });
    const whole = await jsonOf(await post(url, path, { model: 'm', ...body }));
    expect(at(whole)).toBe(made);
    const wire = await (await post(url, path, { model: 'm', ...body, stream: true })).text();
    const events = wire
      .split('\n')
      .map((line) => line.replace(/^data: /, ''))
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const dated = events.map((event) => at(event.response ?? event)).filter((time) => time !== undefined);
    expect(new Set(dated)).toEqual(new Set([made]));
  });
});
