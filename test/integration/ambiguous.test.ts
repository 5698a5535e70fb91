import type { RequestListener } from 'node:http';
import { startApp, stopApps } from '../support/express-app.js';
import { HOSTS } from '../support/live-reply.js';
import { ask, DONE, frame, ProxyFixture, readWire, startStream } from '../support/proxy-fixture.js';

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
});
