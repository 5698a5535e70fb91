import type { RequestListener } from 'node:http';
import { openaiChat } from '../../src/adapters/index.js';
import { startApp, stopApps } from '../support/express-app.js';
import { HOSTS } from '../support/live-reply.js';
import { ask, DONE, frame, ProxyFixture, readWire, startStream } from '../support/proxy-fixture.js';
import { openScreened } from '../support/screened-stream.js';

const fixture = new ProxyFixture();
afterEach(stopApps);
afterAll(() => fixture.close());

const CHAT = '/v1/chat/completions';

/** What a client gets of a backend, which answers with these bytes. */
async function answerOf(host: (typeof HOSTS)[number], backend: RequestListener, config: object = {}) {
  let url: string;
  if (host === 'proxy') url = (await fixture.proxy(await fixture.upstream(backend), config)).url;
  else url = (await startApp({ build: (app, screening) => app.use(screening, backend), config })).url;
  const response = await fetch(`${url}${CHAT}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ask('hi', { stream: true })),
  });
  const bytes = Buffer.from(await response.arrayBuffer().catch(() => new ArrayBuffer(0)));
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString() };
}

const json =
  (body: string | Buffer, type = 'application/json', status = 200): RequestListener =>
  (_req, res) =>
    void res.writeHead(status, { 'content-type': type }).end(body);
const events =
  (...wires: (string | Buffer)[]): RequestListener =>
  (_req, res) => {
    startStream(res)('');
    for (const wire of wires) res.write(wire);
    res.end();
  };

describe.each(HOSTS)('what one reader reads and another does not: %s', (host) => {
  const choice = (members: string): string => `{"choices":[{"index":0,"message":{${members}},"finish_reason":"stop"}]}`;

  it('of a key that stands twice in a reply only the value is left that was judged', async () => {
    const { text } = await answerOf(host, json(choice('"content":"a zorgblat","content":"fine"')));
    expect(JSON.parse(text).choices[0].message).toEqual({ content: 'fine' });
    expect(text).not.toContain('zorgblat');
  });

  it('of a key that stands twice in an error too', async () => {
    const { text, status } = await answerOf(
      host,
      json('{"error":{"message":"a zorgblat","message":"x"}}', 'application/json', 500),
    );
    expect([status, text]).toEqual([500, '{"error":{"message":"x"}}']);
  });

  it('of a key that stands twice in an event too', async () => {
    const twice = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"a zorgblat","content":"fine "}}]}\n\n';
    const { text } = await answerOf(host, events(twice, DONE));
    expect(text).not.toContain('zorgblat');
    expect(readWire(text).text()).toBe('fine ');
  });

  it('a reply without such keys keeps its bytes', async () => {
    const body = `${choice(' "content" : "say \\"a\\":1 " ')} `;
    expect((await answerOf(host, json(body))).text).toBe(body);
  });

  it('broken UTF-8 leaves as it was judged', async () => {
    const body = Buffer.concat([Buffer.from(choice('"content":"na').slice(0, -27)), Buffer.from([0xef, 0x76, 0x65])]);
    const whole = Buffer.concat([body, Buffer.from('"},"finish_reason":"stop"}]}')]);
    const { text, bytes } = await answerOf(host, json(whole));
    expect(JSON.parse(text).choices[0].message.content).toBe('na\ufffdve');
    expect(bytes.includes(Buffer.from('\ufffd'))).toBe(true);
  });

  it('an event that nests too deep ends the stream, and nothing else', async () => {
    const deep = `data: {"choices":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n\n`;
    const { text } = await answerOf(host, events(frame('fine '), deep));
    expect(text).toContain('fine ');
    expect(text).toContain('stream_broken');
    expect((await answerOf(host, events(frame('fine '), DONE))).text).toContain('fine ');
  });

  it('an event that is no JSON is told as a broken stream', async () => {
    const { stream, push } = openScreened(openaiChat);
    const wire = push(frame('fine '), 'data: {"choices":[{"a":1}]}{"b":2}\n\n');
    expect(wire).toContain('fine ');
    expect(wire).toContain('stream_broken');
    expect(stream.failure?.message).toMatch(/not valid JSON/);
  });

  it.each<[name: string, backend: RequestListener]>([
    ['blank lines first', json(`\n\r\n${frame('a gr')}${frame('umpf')}`, 'text/plain')],
    ['a line first that means nothing', json(`hello\n${frame('a zor')}${frame('gblat b')}`, 'text/plain')],
    ['a byte order mark first', json(`\ufeff${frame('a zor')}${frame('gblat b')}`, 'text/html')],
    ['an error status', json(`\n${frame('a zor')}${frame('gblat b')}`, 'text/plain', 500)],
    [
      'lines of JSON behind blank ones',
      json('\n {"message":{"content":"a zor"}}\n{"message":{"content":"gblat b"}}\n', 'text/plain', 500),
    ],
  ])('a stream that does not say it is one is read as clients read it: %s', async (_, backend) => {
    expect((await answerOf(host, backend)).text).not.toMatch(/gblat/);
  });

  it('prose with a line that begins like a field stays prose', async () => {
    const prose = 'Fields:\ndata: the data\nevent: its name\n';
    expect((await answerOf(host, json(prose, 'text/plain'))).text).toBe(prose);
  });

  const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');

  it.each<[name: string, backend: RequestListener]>([
    ['JSON in UTF-16, named so', json(wide(choice('"content":"a zorgblat"')), 'application/json; charset=utf-16le')],
    ['JSON in UTF-16, not named so', json(wide(choice('"content":"a zorgblat"')))],
    ['an error in UTF-16', json(wide('{"error":{"message":"a zorgblat"}}'), 'application/json', 500)],
    ['JSON in UTF-7', json(choice('"content":"a +AHo-orgblat"'), 'application/json; charset=utf-7')],
  ])('what others read in another encoding is withheld: %s', async (_, backend) => {
    const { status, bytes } = await answerOf(host, backend);
    expect(status).toBe(502);
    expect(bytes.toString('latin1').replaceAll('\0', '')).not.toMatch(/orgblat/);
  });

  it('text in another encoding passes or not as the route says of what cannot be read', async () => {
    const backend = json(wide('a zorgblat'), 'text/plain; charset=utf-16le');
    const routes = [{ path: '/**', unscreened: 'refuse' }];
    expect((await answerOf(host, backend, { routes })).status).toBe(502);
    expect((await answerOf(host, json('caf\u00e9', 'text/plain; charset=utf-8'), { routes })).status).toBe(200);
    expect((await answerOf(host, json('plain', 'text/plain; charset=iso-8859-1'), { routes })).status).toBe(200);
  });

  it.each<[name: string, backend: RequestListener]>([
    ['a picture that is text', json('<svg><text>a zorgblat</text></svg>', 'image/svg+xml')],
    ['a status that means no content, with some', json(choice('"content":"a zorgblat"'), 'application/json', 205)],
    ['an error of an object', json('{"error":{"a zorgblat":1}}', 'application/json', 500)],
    [
      'an error within an error',
      json('{"error":{"message":"{\\"detail\\":\\"a \\\\u007aorgblat\\"}"}}', 'application/json', 500),
    ],
    ['half JSON with escapes', json('{"detail":"a \\u007aorgblat"', 'text/plain', 500)],
  ])('is judged as text: %s', async (_, backend) => {
    const { text } = await answerOf(host, backend);
    expect(text).not.toMatch(/zorgblat|007aorgblat/);
  });

  it.each<[name: string, wire: string]>([
    ['a comment', ': a zorgblat\n\n'],
    ['two comments', ': a zor\n\n: gblat b\n\n'],
    ['the name of an event', 'event: a zorgblat\ndata: {"choices":[]}\n\n'],
    ['the id of an event', 'id: a zorgblat\ndata: {"choices":[]}\n\n'],
    ['the key of a delta', 'data: {"choices":[{"index":0,"delta":{"a zorgblat":"x","content":"y"}}]}\n\n'],
    ['the key of an object in a delta', 'data: {"choices":[{"index":0,"delta":{"zorg":{"a zorgblat":"well"}}}]}\n\n'],
    ['a line of no field', 'a zorgblat\n\ndata: {"choices":[]}\n\n'],
    ['a field of no meaning', 'retry: a zorgblat\nzorg: a zorgblat\ndata: {"choices":[]}\n\n'],
    ['what follows the end', `${DONE}data: a zorgblat\n\n: a zorgblat\n\n`],
    ['an event that has no end', `${frame('fine')}data: {"choices":[{"index":0,"delta":{"content":"a zorgblat b"}}]}`],
    [
      'line ends of all kinds',
      'data: {"choices":[{"index":0,\rdata: "delta":{"content":\r\ndata: "a zorgblat b"}}]}\n\r\n',
    ],
  ])('no word leaves by %s', async (_, wire) => {
    const end = wire.endsWith('\n\n') ? [DONE] : [];
    const { text } = await answerOf(host, events(frame('fine '), wire, ...end));
    expect(text).toContain('fine ');
    expect(text).not.toMatch(/zorgblat|gblat/);
  });

  it('harmless comments, names and ids stay', async () => {
    const wire =
      ': OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\nevent: chunk.v1\nid: 7\ndata: {"choices":[]}\n\n';
    const { text } = await answerOf(host, events(wire, DONE));
    expect(text).toBe(wire + DONE);
  });
});
