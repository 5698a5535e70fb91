import type { RequestListener } from 'node:http';
import { Ollama } from 'ollama';
import { bodyOf } from '../../support/proxy-fixture.js';
import { createHosts } from './hosts.js';

const HOSTS = createHosts();
afterAll(() => Promise.all(HOSTS.map((host) => host.close())));

const NDJSON = 'application/x-ndjson';
const at = '2026-01-01T00:00:00Z';
const line = (content: string, more: object = {}, rest: object = { done: false }): object => ({
  model: 'm',
  created_at: at,
  message: { role: 'assistant', content, ...more },
  ...rest,
});
const END = line('', {}, { done: true, done_reason: 'stop', eval_count: 2 });
const calling = (args: object): object => ({ tool_calls: [{ function: { name: 'look', arguments: args } }] });

/** A backend that sends these lines, and keeps what it was asked. */
function backendOf(lines: readonly object[], { type = NDJSON, length = false } = {}) {
  const asked: unknown[] = [];
  const listener: RequestListener = async (req, res) => {
    asked.push(JSON.parse(String(await bodyOf(req))));
    const wire = lines.map((each) => `${JSON.stringify(each)}\n`);
    const headers = length ? { 'content-length': Buffer.byteLength(wire.join('')) } : {};
    res.writeHead(200, { 'content-type': type, ...headers });
    for (const part of wire) res.write(part);
    res.end();
  };
  return { asked, listener };
}

async function collect(url: string) {
  const parts = [];
  const request = { model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: true as const };
  for await (const part of await new Ollama({ host: url }).chat(request)) parts.push(part);
  return {
    text: parts.map(({ message }) => message.content).join(''),
    calls: parts.flatMap(({ message }) => message.tool_calls ?? []),
    end: parts.at(-1)!.done_reason,
  };
}

const post = (url: string, path: string, body: object): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body) });

describe.each(HOSTS.map((host) => [host.name, host] as const))('Ollama through the %s', (_, host) => {
  it.each<[name: string, args: object, seen: object | undefined]>([
    ['passes', { city: 'Tokyo', days: 3 }, { city: 'Tokyo', days: 3 }],
    ['is redacted, values and keys alike', { city: ['a quux'], quux: 1 }, { city: ['a #'], '#': 1 }],
    ['is stopped by a value', { where: { city: 'a zorgblat' } }, undefined],
    ['is stopped by a key', { zorgblat: 1 }, undefined],
  ])('a tool call %s', async (_name, args, seen) => {
    const url = await host.start(backendOf([line('let me look'), line('', calling(args)), END]).listener);
    const { text, calls, end } = await collect(url);
    expect(text.startsWith('let me look')).toBe(true);
    expect(calls.map((call) => call.function.arguments)).toEqual(seen === undefined ? [] : [seen]);
    expect(end).toBe(seen === undefined ? 'content_filter' : 'stop');
    const whole = line('', calling(args), { done: true, done_reason: 'stop' });
    const wholeUrl = await host.start(backendOf([whole], { type: 'application/json' }).listener);
    const reply = await new Ollama({ host: wholeUrl }).chat({
      model: 'm',
      messages: [{ role: 'user', content: 'hi' }],
    });
    expect(reply.message.tool_calls?.map((call) => call.function.arguments)).toEqual(
      seen === undefined ? undefined : [seen],
    );
  });

  it('a request without `stream` is answered by a stream, and judged as one', async () => {
    const url = await host.start(backendOf([line('a zorg'), line('blat'), END]).listener);
    const response = await post(url, '/api/chat', { model: 'm', messages: [{ role: 'user', content: 'hi' }] });
    expect(response.headers.get('content-type')).toMatch(NDJSON);
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each));
    expect(lines[0].message.content).toBe('a ');
    expect(lines.at(-1)).toMatchObject({ done: true, done_reason: 'content_filter' });
  });

  it.each([['application/json'], ['application/json; charset=utf-8']])(
    'lines of a backend that calls them %s leave as they come',
    async (type) => {
      let finish: () => void = () => undefined;
      const url = await host.start((req, res) => {
        req.resume();
        res.writeHead(200, { 'content-type': type });
        res.write(`${JSON.stringify(line('fine words '))}\n`);
        finish = () => res.end(`${JSON.stringify(line('a zorgblat'))}\n${JSON.stringify(END)}\n`);
      });
      const response = await post(url, '/api/chat', { messages: [{ role: 'user', content: 'hi' }] });
      const reader = response.body!.getReader();
      expect(Buffer.from((await reader.read()).value!).toString()).toContain('fine words');
      finish();
      let rest = '';
      for (let part = await reader.read(); !part.done; part = await reader.read()) rest += Buffer.from(part.value);
      expect(rest).not.toContain('zorgblat');
      expect(rest).toContain('"done_reason":"content_filter"');
    },
  );

  it('a whole reply keeps its bytes when nothing is changed', async () => {
    const url = await host.start(backendOf([END], { type: 'application/json', length: true }).listener);
    const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: false };
    expect(await (await post(url, '/api/chat', body)).text()).toBe(`${JSON.stringify(END)}\n`);
  });

  it('the tokens of a conversation are not given back once text of it was redacted', async () => {
    const generated = (response: string, rest: object): object => ({ model: 'm', created_at: at, response, ...rest });
    const end = generated('', { done: true, done_reason: 'stop', context: [1, 2] });
    const run = async (text: string): Promise<unknown> => {
      const url = await host.start(backendOf([generated(text, { done: false }), end]).listener);
      const wire = await (await post(url, '/api/generate', { model: 'm', prompt: 'hi' })).text();
      return JSON.parse(wire.trimEnd().split('\n').at(-1)!).context;
    };
    expect([await run('fine'), await run('a quux')]).toEqual([[1, 2], undefined]);
  });

  it('prompt, system, template, suffix and the schema of the answer are judged; images and tokens pass', async () => {
    const backend = backendOf([END]);
    const url = await host.start(backend.listener);
    const request = {
      model: 'm',
      prompt: 'a quux',
      suffix: 'b quux',
      images: ['cXV1eA=='],
      context: [7],
      stream: false,
    };
    await post(url, '/api/generate', { ...request, format: { properties: { a: { description: 'quux' } } } });
    expect(backend.asked).toEqual([
      { ...request, prompt: 'a #', suffix: 'b #', format: { properties: { a: { description: '#' } } } },
    ]);
    for (const key of ['prompt', 'system', 'template', 'suffix']) {
      const response = await post(url, '/api/generate', { model: 'm', prompt: 'hi', [key]: 'a zorgblat' });
      expect([response.status, Object.keys((await response.json()) as object)]).toEqual([
        400,
        ['error', 'code', 'moderation'],
      ]);
    }
    expect(backend.asked).toHaveLength(1);
  });

  it('an error line is an error to the client, and says nothing that is blocked', async () => {
    const url = await host.start(backendOf([line('fine'), { error: 'it broke at a zorgblat' }]).listener);
    await expect(collect(url)).rejects.toThrow(/^The reply was withheld/);
  });

  it('a stream that breaks is an error to the client', async () => {
    const url = await host.start((_req, res) => {
      res.writeHead(200, { 'content-type': NDJSON }).end(`${JSON.stringify(line('fine'))}\n{"broken\n`);
    });
    await expect(collect(url)).rejects.toThrow(/not valid JSON/);
  });

  it.each<['error' | 'refusal', RegExp | undefined]>([
    ['error', /withheld/],
    ['refusal', undefined],
  ])('a blocked request told as %s', async (blockAs, message) => {
    const backend = backendOf([END]);
    const url = await host.start(backend.listener, { blockAs: { input: blockAs } });
    const messages = [{ role: 'user', content: 'a zorgblat' }];
    const client = new Ollama({ host: url });
    const whole = client.chat({ model: 'm', messages });
    const streamed = async (): Promise<string> => {
      let text = '';
      for await (const part of await client.chat({ model: 'm', messages, stream: true })) text += part.message.content;
      return text;
    };
    if (message !== undefined) {
      await expect(whole).rejects.toThrow(message);
      await expect(streamed()).rejects.toThrow(message);
    } else {
      expect((await whole).message.content).toMatch(/withheld/);
      expect(await streamed()).toMatch(/withheld/);
    }
    expect(backend.asked).toEqual([]);
  });

  it('embeddings: what is embedded is judged, and vectors pass', async () => {
    const vectors = { model: 'm', embeddings: [[0.5, 1]] };
    const backend = backendOf([vectors], { type: 'application/json' });
    const url = await host.start(backend.listener);
    const client = new Ollama({ host: url });
    expect(await client.embed({ model: 'm', input: ['fine', 'a quux'] })).toEqual(vectors);
    expect(backend.asked).toEqual([{ model: 'm', input: ['fine', 'a #'] }]);
    await expect(client.embed({ model: 'm', input: 'a zorgblat' })).rejects.toMatchObject({ status_code: 400 });
    await expect(client.embeddings({ model: 'm', prompt: 'a zorgblat' })).rejects.toMatchObject({ status_code: 400 });
  });
});
