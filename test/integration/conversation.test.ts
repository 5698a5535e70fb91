import { CHAT } from '../support/express-app.js';
import {
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
import { RemoteService } from '../support/remote-service.js';

const fixture = new ProxyFixture();
const service = new RemoteService();
afterAll(async () => {
  await fixture.close();
  await service.close();
});

interface Said {
  readonly proxy: RunningProxy;
  /** What the backend got. */
  readonly got: () => unknown;
}

async function proxyOf(config: object = {}, answer: object | readonly string[] = reply('fine')): Promise<Said> {
  let got = '';
  const upstream = await fixture.upstream(async (req, res) => {
    got = (await bodyOf(req)).toString();
    if (!Array.isArray(answer)) return sendJson(res, answer);
    const write = startStream(res);
    for (const wire of answer) write(wire);
    res.end();
  });
  return { proxy: await fixture.proxy(upstream, config), got: () => (got === '' ? undefined : JSON.parse(got)) };
}

const post = (url: string, messages: readonly object[], more: object = {}): Promise<Response> =>
  fetch(`${url}${CHAT}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages, ...more }),
  });

const user = (content: unknown): object => ({ role: 'user', content });
const assistant = (content: unknown): object => ({ role: 'assistant', content });
const text = (part: string): object => ({ type: 'text', text: part });

describe('a term that is split over the messages of one speaker', () => {
  it.each<[string, object[], string]>([
    ['two messages', [user('a zor'), user('gblat b')], 'messages[0].content + messages[1].content'],
    [
      'messages with an answer between',
      [user('a zor'), assistant('ok'), user('gblat b')],
      'messages[0].content + messages[2].content',
    ],
    [
      'the parts of one message',
      [user([text('a zor'), text('gblat')])],
      'messages[0].content[0].text + messages[0].content[1].text',
    ],
    [
      'a part and a message',
      [user([text('hi'), text('a zor')]), user('gblat')],
      'messages[0].content[1].text + messages[1].content',
    ],
    [
      'three messages',
      [user('zo'), user('rgb'), user('lat')],
      'messages[0].content + messages[1].content + messages[2].content',
    ],
    [
      'answers',
      [user('hi'), assistant('zor'), user('go on'), assistant('gblat')],
      'messages[1].content + messages[3].content',
    ],
  ])('stops a request: %s', async (_, messages, field) => {
    const { proxy, got } = await proxyOf();
    expect((await post(proxy.url, messages)).status).toBe(400);
    expect(got()).toBeUndefined();
    expect(proxy.entries).toMatchObject([{ field, applied: 'block', direction: 'input', outcome: 'screened' }]);
  });

  it.each<[string, object[]]>([
    ['two speakers', [user('a zor'), assistant('gblat b')]],
    ['a name and a message', [{ role: 'user', name: 'zor', content: 'hi' }, user('gblat')]],
    ['words that only end to end are one', [user('a zor'), user('gblatter')]],
  ])('lets a request pass: %s', async (_, messages) => {
    const { proxy, got } = await proxyOf();
    expect((await post(proxy.url, messages)).status).toBe(200);
    expect([got(), proxy.entries]).toEqual([{ model: 'm', messages }, []]);
  });

  it('is redacted in each of them, beside what stands there alone', async () => {
    const { proxy, got } = await proxyOf();
    await post(proxy.url, [user('a quux, qu'), user([text('ux, and quux '), text('well')])]);
    expect(got()).toMatchObject({ messages: [user('a #, #'), user([text('#, and # '), text('well')])] });
    expect(proxy.entries.map(({ field, hits }) => [field, hits.map(({ span }) => span)])).toEqual([
      ['messages[0].content + messages[1].content[0].text', [{ start: 8, end: 12 }]],
      ['messages[0].content', [{ start: 2, end: 6 }]],
      ['messages[1].content[0].text', [{ start: 8, end: 12 }]],
    ]);
  });

  it.each(['shadow', 'annotate'])('is only told in mode %s', async (mode) => {
    const { proxy, got } = await proxyOf({ mode });
    const messages = [user('a zor'), user('gblat b')];
    const response = await post(proxy.url, messages);
    expect([response.status, got()]).toEqual([200, { model: 'm', messages }]);
    expect(response.headers.get('x-moderation-input-action')).toBe(mode === 'annotate' ? 'block' : null);
    expect(proxy.entries).toMatchObject([{ action: 'block', applied: 'flag', mode }]);
  });

  it('is not sent to a remote service', async () => {
    const { proxy } = await proxyOf({ detectors: [{ kind: 'openai-moderations', url: await service.start() }] });
    expect((await post(proxy.url, [user('a zor'), user('gblat b')])).status).toBe(400);
    expect(service.calls).toEqual([]);
    expect((await post(proxy.url, [user('fine'), user('words')])).status).toBe(200);
    expect(service.calls).toHaveLength(1);
  });

  it('is not put together from texts that nobody speaks', async () => {
    const { proxy } = await proxyOf();
    expect((await post(proxy.url, [user('hi')], { stop: ['zor', 'gblat'] })).status).toBe(200);
    expect(proxy.entries).toEqual([]);
  });
});

describe('a term that begins in the answer that the request has begun', () => {
  const begun = (start: string): object[] => [user('hi'), { ...assistant(start), prefix: true }];
  const STOP = frame(undefined, { finish: 'stop' });
  const FIELD = 'messages[1].content + choices[0].content';

  it.each<[string, string, string[], string]>([
    ['in one event', 'well, a zor', ['gblat it'], ''],
    ['letter by letter', 'well, a z', [...'orgblat it'], ''],
    ['redacted', 'well, a qu', ['ux i', 't is'], '# it is'],
  ])('is not completed by a stream: %s', async (_, start, pieces, left) => {
    const { proxy } = await proxyOf({}, [...pieces.map((piece) => frame(piece)), STOP, DONE]);
    const wire = await (await post(proxy.url, begun(start), { stream: true })).text();
    expect(readWire(wire).text()).toBe(left);
    expect(readWire(wire).finish()).toEqual([left === '' ? 'content_filter' : 'stop']);
    expect(proxy.entries).toMatchObject([{ field: FIELD, direction: 'output' }]);
    const { span } = proxy.entries[0]?.hits[0] ?? {};
    expect((start + pieces.join('')).slice(span?.start, span?.end)).toMatch(/^(?:zorgblat|quux)$/);
  });

  it.each<[string, string, string, string]>([
    ['redacted', 'well, a qu', 'ux it is', '# it is'],
    ['harmless', 'well, a qu', 'ick one', 'ick one'],
  ])('is not completed by a whole answer: %s', async (_, start, answer, left) => {
    const { proxy } = await proxyOf({}, reply(answer));
    const { choices } = (await (await post(proxy.url, begun(start))).json()) as {
      choices: { message: { content: string } }[];
    };
    expect(choices[0]?.message.content).toBe(left);
    expect(proxy.entries.map(({ field }) => field)).toEqual(
      left === answer ? [] : ['messages[1].content + choices[0].message.content'],
    );
  });

  it.each<[string, object[], string]>([
    ['a backend that begins anew', begun('well, a zorg'), 'zorgblat it'],
    ['a start that ends in a letter', begun('well'), 'zorgblat it'],
    ['a last message of the user', [user('a zor')], 'zorgblat it'],
  ])('hides nothing that the answer holds by itself: %s', async (_, messages, answer) => {
    const { proxy } = await proxyOf({}, [frame(answer), STOP, DONE]);
    const wire = await (await post(proxy.url, messages, { stream: true })).text();
    expect([readWire(wire).text(), readWire(wire).finish()]).toEqual(['', ['content_filter']]);
    expect(proxy.entries).toMatchObject([{ field: 'choices[0].content', hits: [{ span: { start: 0, end: 8 } }] }]);
  });

  it('is told beside what the answer holds by itself, in an entry of its own', async () => {
    const { proxy } = await proxyOf({}, [frame('ux and quux. '), STOP, DONE]);
    const wire = await (await post(proxy.url, begun('a qu'), { stream: true })).text();
    expect(readWire(wire).text()).toBe('# and #. ');
    expect(proxy.entries.map(({ field, hits }) => [field, hits.map(({ span }) => span)])).toEqual([
      ['choices[0].content', [{ start: 7, end: 11 }]],
      [FIELD, [{ start: 2, end: 6 }]],
    ]);
  });

  it('is looked for only where the answer goes on from it', async () => {
    const { proxy } = await proxyOf({}, [frame('gblat'), STOP, DONE]);
    const messages = [user('hi'), assistant('a zor'), user('and')];
    const wire = await (await post(proxy.url, messages, { stream: true })).text();
    expect([readWire(wire).text(), proxy.entries]).toEqual(['gblat', []]);
  });
});
