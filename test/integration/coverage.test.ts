import { createHash } from 'node:crypto';
import type { Verdict } from '../../src/core/index.js';
import { CHAT, send, startApp, stopApps } from '../support/express-app.js';
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
  startStream,
} from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterEach(stopApps);
afterAll(() => fixture.close());

const THRESHOLDS = { abusive: { flag: 0.5, redact: 0.9, block: 0.99 } };
const BYTES = createHash('sha512').update('some bytes').digest('base64');
const STOP = frame(undefined, { finish: 'stop' });

interface Behind extends RunningProxy {
  /** What the backend got. */
  readonly got: () => string;
}

/** A proxy with a policy of these keys, in front of a backend that streams events or answers with a body. */
async function proxyOf(answer: object | readonly string[], policy: object = {}, config: object = {}): Promise<Behind> {
  let got = '';
  const upstream = await fixture.upstream(async (req, res) => {
    got = (await bodyOf(req)).toString();
    if (!Array.isArray(answer)) return sendJson(res, answer);
    const write = startStream(res);
    for (const wire of answer) write(wire);
    res.end();
  });
  const policies = { default: { input: THRESHOLDS, output: THRESHOLDS, mask: '#', ...policy } };
  return { ...(await fixture.proxy(upstream, { policies, ...config })), got: () => got };
}

const post = (url: string, body: object): Promise<Response> =>
  fetch(`${url}${CHAT}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${BYTES}` } };
const sound = { type: 'input_audio', input_audio: { data: BYTES, format: 'wav' } };
const says = (...content: object[]): object => ({ model: 'm', messages: [{ role: 'user', content }] });
const text = (part: string): object => ({ type: 'text', text: part });

const told = (metric: string, { metrics }: RunningProxy): Promise<string> =>
  metrics.registry.getSingleMetricAsString(metric);

describe('asks 45: what is forwarded is judged, or told to be unjudged', () => {
  it('images and sounds of a request stand in the record and the metrics, one entry for each kind', async () => {
    const proxy = await proxyOf(reply('fine'));
    await post(proxy.url, says(text('look'), image, image, sound));
    expect(proxy.entries).toMatchObject([
      {
        outcome: 'unscreened:image',
        direction: 'input',
        applied: 'allow',
        field: 'messages[0].content[1].image_url.url, messages[0].content[2].image_url.url',
      },
      { outcome: 'unscreened:audio', field: 'messages[0].content[3].input_audio.data' },
    ]);
    const counted = await told('sluice_unscreened_parts_total', proxy);
    expect(counted).toContain('{direction="input",reason="image"} 2');
    expect(counted).toContain('{direction="input",reason="audio"} 1');
  });

  it('an entry that would name very many places says how many more there are', async () => {
    const proxy = await proxyOf(reply('fine'));
    await post(proxy.url, says(...Array(20).fill(image)));
    expect(proxy.entries).toHaveLength(1);
    expect(proxy.entries[0]?.field).toMatch(/ and 12 more$/);
  });

  it('a client of mode annotate is told in headers, both ways', async () => {
    const audio = { id: 'a', data: BYTES, transcript: 'hello' };
    const answer = {
      choices: [{ index: 0, message: { role: 'assistant', content: 'hi', audio }, finish_reason: 'stop' }],
    };
    const { url } = await proxyOf(answer, {}, { mode: 'annotate' });
    const { headers } = await post(url, says(image));
    expect(headers.get('x-moderation-input-action')).toBe('allow');
    expect(headers.get('x-moderation-input-unscreened')).toBe('image');
    expect(headers.get('x-moderation-output-unscreened')).toBe('audio');
  });

  it('a handler finds it in the verdict on the request', async () => {
    let verdict: Verdict | undefined;
    const app = await startApp({
      handler: (req, res) => {
        verdict = req.sluice;
        res.json(reply('fine'));
      },
    });
    await send(app, { body: says(image) });
    expect(verdict).toMatchObject({
      action: 'allow',
      unscreened: [{ field: 'messages[0].content[0].image_url.url', reason: 'image' }],
    });
  });

  it('a stream that carries sound is recorded once, and counts each place once', async () => {
    const said = (index: number, id: string) =>
      frame(undefined, {
        extra: { choices: [{ index, delta: { audio: { id, data: BYTES } }, finish_reason: null }] },
      });
    const proxy = await proxyOf([frame('hi '), said(0, 'x'), said(0, 'y'), said(1, 'z'), STOP, DONE]);
    await (await post(proxy.url, ask('hi', { stream: true }))).text();
    expect(proxy.entries).toMatchObject([
      {
        outcome: 'unscreened:audio',
        direction: 'output',
        field: 'choices[0].delta.audio.data, choices[1].delta.audio.data',
      },
    ]);
    expect(await told('sluice_unscreened_parts_total', proxy)).toContain('{direction="output",reason="audio"} 2');
  });

  it('parts of a stream are told when the client goes, and when an answer is blocked', async () => {
    const picture = frame(undefined, {
      extra: { choices: [{ index: 0, delta: { images: [image] }, finish_reason: null }] },
    });
    const proxy = await proxyOf([picture, frame('a zorgblat it')]);
    await (await post(proxy.url, ask('hi', { stream: true }))).text();
    expect(proxy.entries.map(({ outcome }) => outcome).sort()).toEqual(['screened', 'unscreened:image']);
  });

  it('a client of mode annotate is told in the event that ends a streamed answer', async () => {
    const sound = frame(undefined, {
      extra: { choices: [{ index: 0, delta: { audio: { data: BYTES } }, finish_reason: null }] },
    });
    const proxy = await proxyOf([frame('hi '), sound, STOP, DONE], {}, { mode: 'annotate' });
    const wire = await (await post(proxy.url, ask('hi', { stream: true }))).text();
    const [ending] = readWire(wire).chunks.filter(({ moderation }) => moderation !== undefined);
    expect(ending.moderation).toMatchObject({ action: 'allow', unscreened: ['audio'] });
  });

  it.each<[name: string, path: string, events: object[], field: string, reason: string]>([
    [
      'a block of Anthropic Messages',
      '/v1/messages',
      [
        {
          type: 'content_block_start',
          index: 3,
          content_block: { type: 'image', source: { type: 'base64', media_type: 'image/png', data: BYTES } },
        },
      ],
      'content[3].source.data',
      'image',
    ],
    [
      'an item of Responses',
      '/v1/responses',
      [
        {
          type: 'response.output_item.done',
          output_index: 2,
          item: { type: 'image_generation_call', result: BYTES },
        },
      ],
      'output[2].result',
      'image',
    ],
    [
      'a long word under a name',
      '/v1/chat/completions',
      [{ id: 'c', model: 'x'.repeat(300), choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: null }] }],
      'model',
      'binary',
    ],
  ])('parts of streams are told by the names of whole bodies: %s', async (_, path, events, field, reason) => {
    const proxy = await proxyOf(events.map((event) => `data: ${JSON.stringify(event)}\n\n`));
    const response = await fetch(`${proxy.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', max_tokens: 1, messages: [], input: 'hi', stream: true }),
    });
    await response.text();
    expect(proxy.entries).toMatchObject([{ outcome: `unscreened:${reason}`, field }]);
  });

  it('words where numbers are meant to be are judged, whole and streamed alike', async () => {
    const usage = { note: 'a quux b', total_tokens: 2 };
    const whole = await proxyOf({ ...reply('fine'), usage });
    expect(await (await post(whole.url, ask('hi'))).json()).toMatchObject({ usage: { note: 'a # b' } });
    const streamed = await proxyOf([frame('hi '), frame(undefined, { finish: 'stop', extra: { usage } }), DONE]);
    const wire = await (await post(streamed.url, ask('hi', { stream: true }))).text();
    expect(wire).not.toContain('quux');
    expect(streamed.entries).toMatchObject([{ field: 'usage.note', applied: 'redact' }]);
  });

  it('bytes in a reply of another shape are not judged as text, and told', async () => {
    const proxy = await proxyOf({ created: 1, data: [{ b64_json: BYTES, revised_prompt: 'a quux' }] });
    const answer = await (await post(proxy.url, ask('hi'))).json();
    expect(answer).toEqual({ created: 1, data: [{ b64_json: BYTES, revised_prompt: 'a #' }] });
    expect(proxy.entries).toMatchObject([
      { outcome: 'unscreened:image', field: 'data[0].b64_json' },
      { outcome: 'screened', field: 'data[0].revised_prompt', applied: 'redact' },
    ]);
  });

  it.each([
    ['base64', `data:text/html;base64,${Buffer.from('<p>a quux</p>').toString('base64')}`, '<p>a #</p>'],
    ['percent-encoding', 'data:text/plain,a%20q%75ux', 'a #'],
  ])('text in a data URL is judged as who reads it will see it: %s', async (_, url, left) => {
    const proxy = await proxyOf(reply('fine'));
    await post(proxy.url, says({ type: 'image_url', image_url: { url } }));
    expect(proxy.entries).toMatchObject([{ outcome: 'screened', applied: 'redact' }]);
    const sent = JSON.parse(proxy.got()).messages[0].content[0].image_url.url as string;
    const [, data = ''] = sent.split(/,(.*)/s);
    expect(sent.includes(';base64,') ? Buffer.from(data, 'base64').toString() : decodeURIComponent(data)).toBe(left);
  });
});

describe('texts under keys that the format does not know', () => {
  const odd = { ...ask('hi'), zorg: 'some text' };
  const oddReply = { ...(reply('fine') as object), zorg: 'some text' };

  it('pass by default, judged like all others', async () => {
    const proxy = await proxyOf(oddReply);
    expect(await (await post(proxy.url, odd)).json()).toEqual(oddReply);
    expect([JSON.parse(proxy.got()), proxy.entries]).toEqual([odd, []]);
    const answer = await post(proxy.url, { ...odd, zorg: 'a zorgblat' });
    expect([answer.status, proxy.entries[0]?.field]).toEqual([400, 'zorg']);
  });

  it('are recorded and counted where the policy flags them', async () => {
    const proxy = await proxyOf(oddReply, { unknownFields: { input: 'flag', output: 'flag' } });
    expect(await (await post(proxy.url, odd)).json()).toEqual(oddReply);
    expect(proxy.entries).toMatchObject([
      { outcome: 'unknown-field', direction: 'input', field: 'zorg', action: 'flag', applied: 'flag' },
      { outcome: 'unknown-field', direction: 'output', field: 'zorg' },
    ]);
    expect(await told('sluice_unknown_fields_total', proxy)).toContain('{direction="input"} 1');
  });

  it('stop a request where the policy blocks them, before the backend sees it', async () => {
    const proxy = await proxyOf(reply('fine'), { unknownFields: { input: 'block' } });
    const response = await post(proxy.url, odd);
    expect([response.status, response.headers.get('x-should-retry'), proxy.got()]).toEqual([400, 'false', '']);
    expect(await response.json()).toMatchObject({ error: { code: 'unknown_field', type: 'invalid_request_error' } });
    expect(proxy.entries).toMatchObject([{ outcome: 'unknown-field', action: 'block', applied: 'block' }]);
    expect((await post(proxy.url, ask('hi'))).status).toBe(200);
  });

  it('stop a request to a host too', async () => {
    const config = { policies: { default: { unknownFields: { input: 'block' as const } } } };
    const app = await startApp({ config, handler: (_req, res) => void res.json(reply('fine')) });
    const { status, headers } = await send(app, { body: odd });
    const [row] = await app.rows();
    expect([status, headers['x-request-id'], row?.['outcome']]).toEqual([400, row?.['request_id'], 'unknown-field']);
  });

  it('withhold an answer where the policy blocks them', async () => {
    const proxy = await proxyOf(oddReply, { unknownFields: { output: 'block' } });
    const response = await post(proxy.url, ask('hi'));
    expect([response.status, await response.text()]).toEqual([502, expect.not.stringContaining('some text')]);
    expect(proxy.entries).toMatchObject([{ outcome: 'unknown-field', direction: 'output', applied: 'block' }]);
  });

  it.each(['shadow', 'annotate'])('are only told in mode %s', async (mode) => {
    const proxy = await proxyOf(oddReply, { unknownFields: { input: 'block', output: 'block' } }, { mode });
    expect(await (await post(proxy.url, odd)).json()).toEqual(oddReply);
    expect(proxy.entries).toMatchObject([
      { outcome: 'unknown-field', action: 'block', applied: 'flag' },
      { outcome: 'unknown-field', action: 'block', applied: 'flag' },
    ]);
  });

  it('are named in the record without what a client made up as a key', async () => {
    const proxy = await proxyOf(reply('fine'));
    await post(proxy.url, { ...ask('hi'), zorg: { 'my secret name': 'a zorgblat' } });
    expect(proxy.entries).toMatchObject([{ field: 'zorg[*]', applied: 'block' }]);
  });
});
