import type { RequestListener } from 'node:http';
import { startApp, stopApps } from '../support/express-app.js';
import { bodyOf, ProxyFixture } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());
afterEach(stopApps);

const PATHS = { request: ['question', 'history[].text'], response: ['answer', 'more.notes[]'] };
const TEXT = { request: 'text', response: 'text' };

type Start = (backend: RequestListener, format: object) => Promise<string>;

const throughProxy: Start = async (backend, format) => {
  const routes = [{ path: '/api/ask', format }];
  const { url } = await fixture.proxy(await fixture.upstream(backend), { routes });
  return url;
};
const throughMiddleware: Start = async (backend, format) => {
  const app = await startApp({
    config: { routes: [{ path: '/api/ask', format: format as never }] },
    build: (express, screening) => express.use(screening).use((req, res) => backend(req, res)),
  });
  return app.url;
};

const post = (url: string, body: string | object): Promise<Response> => {
  const isText = typeof body === 'string';
  const headers = { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json' };
  return fetch(`${url}/api/ask`, { method: 'POST', headers, body: isText ? body : JSON.stringify(body) });
};

describe.each<[name: string, start: Start]>([
  ['proxy', throughProxy],
  ['middleware', throughMiddleware],
])('a format of a host, in the %s', (_, start) => {
  /** A backend that keeps what it gets and says what it is told to say. */
  async function serve(format: object, { type = 'application/json', parts = ['{}'], status = 200 } = {}) {
    const seen: { body: string; type: string | undefined }[] = [];
    const url = await start(async (req, res) => {
      seen.push({ body: String(await bodyOf(req)), type: req.headers['content-type'] });
      res.writeHead(status, { 'content-type': type });
      for (const part of parts) res.write(part);
      res.end();
    }, format);
    return { url, seen };
  }

  it('judges what the paths name, and what else is more than a word', async () => {
    const { url, seen } = await serve(PATHS);
    const body = { question: 'a quux b', history: [{ text: 'quux', id: 'quux' }], note: 'a quux' };
    expect((await post(url, body)).status).toBe(200);
    const sent = { question: 'a # b', history: [{ text: '#', id: 'quux' }], note: 'a #' };
    expect(JSON.parse(seen[0]!.body)).toEqual(sent);
    expect((await post(url, { question: 'hi', note: 'a zorgblat' })).status).toBe(400);
  });

  it('stops a request with an error', async () => {
    const { url, seen } = await serve(PATHS);
    const response = await post(url, { question: 'hi', history: [{ text: 'a zorgblat' }] });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'content_filter', moderation: { blocked: true } } });
    expect(seen).toEqual([]);
  });

  it.each<[name: string, reply: object, seen: object]>([
    ['passes', { answer: 'fine', id: 'zorgblat' }, { answer: 'fine', id: 'zorgblat' }],
    [
      'is redacted',
      { answer: 'a quux', more: { notes: ['b', 'quux'] } },
      { answer: 'a #', more: { notes: ['b', '#'] } },
    ],
    [
      'is stopped',
      { answer: 'fine', more: { notes: ['a zorgblat'] }, id: 7 },
      {
        answer: expect.stringContaining('withheld'),
        more: { notes: [''] },
        id: 7,
        moderation: expect.objectContaining({ blocked: true }),
      },
    ],
    [
      'is stopped for what no path names',
      { answer: 'fine', note: 'a zorgblat', more: { id: 'x y' } },
      {
        answer: expect.stringContaining('withheld'),
        note: '',
        more: { id: '' },
        moderation: expect.objectContaining({ blocked: true }),
      },
    ],
    ['of another shape is judged all over', { data: 'a quux' }, { data: 'a #' }],
  ])('a reply %s', async (_name, reply, seen) => {
    const { url } = await serve(PATHS, { parts: [JSON.stringify(reply)] });
    expect(await (await post(url, { question: 'hi' })).json()).toEqual(seen);
  });

  it('judges a body that is one text', async () => {
    const { url, seen } = await serve(TEXT, { type: 'text/plain', parts: ['fine'] });
    expect(await (await post(url, 'a "quux" b')).text()).toBe('fine');
    expect(seen).toEqual([{ body: 'a "#" b', type: 'text/plain; charset=utf-8' }]);
    expect((await post(url, 'a zorgblat')).status).toBe(400);
    expect(seen).toHaveLength(1);
  });

  it.each<[name: string, format: object, type: string, parts: string[], out: string | RegExp]>([
    ['text that passes', TEXT, 'text/plain', ['fine ', 'words'], 'fine words'],
    ['text with a redaction', TEXT, 'text/plain', ['a qu', 'ux', ' b'], 'a # b'],
    [
      'text with a block',
      TEXT,
      'text/plain; charset=utf-8',
      ['a zorg', 'blat b'],
      /^a \n\nThe reply was withheld[^#]*$/,
    ],
    ['events of text', TEXT, 'text/event-stream', ['data: a qu\n\n', 'data: ux b\n\n'], 'data: a \n\ndata: # b\n\n'],
    [
      'events of JSON',
      { ...PATHS, stream: ['delta'], end: '{"over":true}' },
      'text/event-stream',
      ['event: say\ndata: {"delta":"a quux","n":1}\n\n', 'data: {"over":true}\n\n'],
      'event: say\ndata: {"delta":"a ","n":1}\n\nevent: say\ndata: {"delta":"#","n":1}\n\ndata: {"over":true}\n\n',
    ],
    [
      'a block in events of JSON, ended as the format does',
      { ...PATHS, stream: ['delta'], end: '[DONE]' },
      'text/event-stream',
      ['data: {"delta":"a zorg"}\n\n', 'data: {"delta":"blat b"}\n\n', 'data: [DONE]\n\n'],
      /^data: {"delta":"a "}\n\ndata: {"delta":"\\n\\nThe reply was withheld[^"]*","moderation":{"blocked":true[^}]*}}\n\ndata: \[DONE\]\n\n$/,
    ],
    [
      'events of JSON with a text that no path names',
      { ...PATHS, stream: ['delta'] },
      'text/event-stream',
      ['data: {"delta":"a zo","note":"a quux"}\n\n', 'data: {"note":"a zorgblat"}\n\n'],
      /^data: {"delta":"a ","note":"a #"}\n\ndata: {"delta":"\\n\\nThe reply was withheld[^"]*","note":"","moderation":{"blocked":true[^}]*}}\n\n$/,
    ],
    [
      'lines of JSON, texts as in a whole reply',
      PATHS,
      'application/x-ndjson',
      ['{"answer":"a qu"}\n', '{"answer":"ux b"}\n{"id":1}\n'],
      '{"answer":"a "}\n{"answer":"# b"}\n{"id":1}\n',
    ],
  ])('streams %s', async (_name, format, type, parts, out) => {
    const { url } = await serve(format, { type, parts });
    const wire = await (await post(url, format === TEXT ? 'hi' : { question: 'hi' })).text();
    expect(wire).not.toContain('zorgblat');
    if (typeof out === 'string') expect(wire).toBe(out);
    else expect(wire).toMatch(out);
  });

  it('lets text leave while the backend still speaks', async () => {
    let finish: () => void = () => undefined;
    const url = await start((req, res) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'text/plain' });
      res.write('fine words first ');
      finish = () => res.end('and last');
    }, TEXT);
    const reader = (await post(url, 'hi')).body!.getReader();
    expect(Buffer.from((await reader.read()).value!).toString()).toMatch(/^fine words/);
    finish();
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read())
      rest += Buffer.from(part.value).toString();
    expect(rest).toMatch(/and last$/);
  });

  it('refuses a body that is neither', async () => {
    const json = await serve(PATHS);
    expect((await post(json.url, 'no JSON')).status).toBe(400);
    const text = await serve(TEXT);
    const headers = { 'content-type': 'text/plain' };
    const body = Buffer.from([0x61, 0xff, 0xfe]);
    expect((await fetch(`${text.url}/api/ask`, { method: 'POST', headers, body })).status).toBe(415);
    expect([...json.seen, ...text.seen]).toEqual([]);
  });
});
