import { stopApps } from '../support/express-app.js';
import { HOSTS, liveReply } from '../support/live-reply.js';
import { ProxyFixture } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterEach(stopApps);
afterAll(() => fixture.close());

const sse = (value: unknown): string => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
const ollama = (content: string, done = false) => ({ model: 'm', message: { role: 'assistant', content }, done });
const chunk = (content: string, finish: string | null = null) => ({
  id: 'c',
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
});
const completion = (text: string) => ({ id: 'c', choices: [{ index: 0, text, finish_reason: null }] });
const message = (text: string) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const response = (delta: string) => ({
  type: 'response.output_text.delta',
  item_id: 'i',
  output_index: 0,
  content_index: 0,
  delta,
});

const SSE = 'text/event-stream';
const NDJSON = 'application/x-ndjson';
const ASK = { model: 'm', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'hi' }] };
const INPUT = { model: 'm', stream: true, prompt: 'hi', input: 'hi' };

/** Streams that are framed as those of another format, by path. */
const WIRES: readonly (readonly [name: string, wire: Wire])[] = [
  ['Ollama in server-sent events', { path: '/api/chat', type: SSE, body: ASK, say: (text) => sse(ollama(text)) }],
  ['Ollama answered in chunks of OpenAI', { path: '/api/chat', type: SSE, body: ASK, say: (text) => sse(chunk(text)) }],
  ['chat in lines', { path: '/v1/chat/completions', type: NDJSON, body: ASK, say: (text) => line(chunk(text)) }],
  [
    'chat answered in lines of Ollama',
    { path: '/v1/chat/completions', type: NDJSON, body: ASK, say: (text) => line(ollama(text)) },
  ],
  [
    'completions in lines',
    { path: '/v1/completions', type: NDJSON, body: INPUT, say: (text) => line(completion(text)) },
  ],
  ['messages in lines', { path: '/v1/messages', type: NDJSON, body: ASK, say: (text) => line(message(text)) }],
  ['responses in lines', { path: '/v1/responses', type: NDJSON, body: INPUT, say: (text) => line(response(text)) }],
];

interface Wire {
  readonly path: string;
  readonly type: string;
  readonly body: object;
  readonly say: (text: string) => string;
}

const rows = HOSTS.flatMap((host) => WIRES.map(([name, wire]) => [host, name, wire] as const));

describe('asks 3: a stream that is framed as another format frames its own is no less a stream', () => {
  it.each(rows)('%s: %s', async (host, _, { path, type, body, say }) => {
    const headers = { 'content-type': type };
    const reply = await liveReply({ fixture, host, path, body, headers, first: say('One harmless word. ') });
    expect(await reply.until((text) => text.includes('harmless'))).toContain('harmless');
    reply.write(say('a zor'));
    reply.end(say('gblat it'));
    const text = await reply.until(() => false);
    expect(text).not.toMatch(/zor|blat/);
    // Every event is one that a reader of the framing can parse.
    for (const each of text.split('\n').filter((part) => part.trim() !== '')) {
      if (type === NDJSON) JSON.parse(each);
      else expect(each).toMatch(/^(?:data|event): /);
    }
    expect(text).toMatch(/"moderation":|sluice_moderation/);
  });

  it('an end mark in events of Ollama ends the stream', async () => {
    const { path, body } = { path: '/api/chat', body: ASK };
    const headers = { 'content-type': SSE };
    const reply = await liveReply({ fixture, host: 'proxy', path, body, headers, first: sse(ollama('fine')) });
    reply.end(sse('[DONE]') + sse(ollama('more')));
    expect(await reply.until(() => false)).toBe(sse(ollama('fine')) + sse('[DONE]'));
  });

  it('JSON that is no stream is not read line by line, though a stream was asked for', async () => {
    const whole = { choices: [{ index: 0, message: { content: 'a quux' }, finish_reason: 'stop' }] };
    const backend = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.write('{\n');
      res.end(JSON.stringify(whole, null, 1).slice(2));
    });
    const { url } = await fixture.proxy(backend);
    const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(ASK) });
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'a #' } }] });
  });
});
