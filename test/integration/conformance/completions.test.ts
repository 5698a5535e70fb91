import type { RequestListener } from 'node:http';
import OpenAI, { BadRequestError } from 'openai';
import { bodyOf } from '../../support/proxy-fixture.js';
import { createHosts } from './hosts.js';

const HOSTS = createHosts();
afterAll(() => Promise.all(HOSTS.map((host) => host.close())));

const ENVELOPE = { id: 'c1', object: 'text_completion', created: 7, model: 'm' };
const choice = (text: string, index = 0, more: object = {}): object => ({
  index,
  text,
  logprobs: null,
  finish_reason: 'stop',
  ...more,
});

/** A backend that answers with these choices, whole or streamed as it is asked, and keeps what it was asked. */
function backendOf(choices: readonly object[]) {
  const asked: Record<string, unknown>[] = [];
  const listener: RequestListener = async (req, res) => {
    const body = JSON.parse(String(await bodyOf(req)));
    asked.push(body);
    if (body.stream !== true) {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ ...ENVELOPE, choices }));
      return;
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const each of choices) res.write(`data: ${JSON.stringify({ ...ENVELOPE, choices: [each] })}\n\n`);
    res.end('data: [DONE]\n\n');
  };
  return { asked, listener };
}

const clientOf = (url: string, base = '/v1'): OpenAI => new OpenAI({ baseURL: `${url}${base}`, apiKey: 'none' });

describe.each(HOSTS.map((host) => [host.name, host] as const))('legacy completions through the %s', (_, host) => {
  it.each<[name: string, request: Omit<OpenAI.CompletionCreateParamsNonStreaming, 'model'>, sent: object]>([
    ['one prompt', { prompt: 'a quux' }, { prompt: 'a #' }],
    ['several prompts', { prompt: ['fine', 'a quux'] }, { prompt: ['fine', 'a #'] }],
    ['a prompt with a suffix', { prompt: 'fine', suffix: 'a quux' }, { prompt: 'fine', suffix: 'a #' }],
    ['stop words', { prompt: 'fine', stop: ['quux'] }, { prompt: 'fine', stop: ['#'] }],
    ['tokens, which nobody can read', { prompt: [[1, 2], [3]] }, { prompt: [[1, 2], [3]] }],
  ])('judges %s', async (_name, request, sent) => {
    const { asked, listener } = backendOf([choice('fine')]);
    await clientOf(await host.start(listener)).completions.create({ model: 'm', ...request });
    expect(asked).toEqual([{ model: 'm', ...sent }]);
  });

  it.each(['/v1', '/beta', '/openai/deployments/d'])('stops a prompt under %s', async (base) => {
    const { asked, listener } = backendOf([choice('fine')]);
    const client = clientOf(await host.start(listener), base);
    for (const request of [{ prompt: ['fine', 'a zorgblat'] }, { prompt: 'fine', suffix: 'a zorgblat' }]) {
      const error: unknown = await client.completions.create({ model: 'm', ...request }).catch((reason) => reason);
      expect(error).toBeInstanceOf(BadRequestError);
      expect(error).toMatchObject({ code: 'content_filter', param: 'prompt' });
    }
    expect(asked).toEqual([]);
  });

  it('judges every answer to every prompt by itself', async () => {
    const texts = ['fine', 'a zorgblat', 'a quux', 'fine too'];
    const { listener } = backendOf(texts.map((text, index) => choice(text, index)));
    const client = clientOf(await host.start(listener));
    const request = { model: 'm', prompt: ['one', 'two'], n: 2, best_of: 2, echo: true };
    const whole = await client.completions.create(request);
    expect(whole.choices.map(({ text, finish_reason: finish }) => [text, finish])).toEqual([
      ['fine', 'stop'],
      [expect.stringContaining('withheld'), 'content_filter'],
      ['a #', 'stop'],
      ['fine too', 'stop'],
    ]);
    const seen = ['', '', '', ''];
    const ends: unknown[] = [];
    for await (const { choices } of await client.completions.create({ ...request, stream: true })) {
      for (const { index, text, finish_reason: finish } of choices) {
        seen[index] += text;
        ends[index] = finish;
      }
    }
    expect(seen).toEqual(['fine', 'a ', 'a #', 'fine too']);
    expect(ends).toEqual(['stop', 'content_filter', 'stop', 'stop']);
  });

  it('keeps the tokens of an answer that passes, and none of one that is changed', async () => {
    const logprobs = (text: string): object => ({
      tokens: [text],
      token_logprobs: [-1],
      top_logprobs: [{ [text]: -1 }],
    });
    const said = ['fine', 'a quux', 'a zorgblat'];
    const { listener } = backendOf(said.map((text, index) => choice(text, index, { logprobs: logprobs(text) })));
    const client = clientOf(await host.start(listener));
    const { choices } = await client.completions.create({ model: 'm', prompt: 'hi', n: 3, logprobs: 1 });
    expect(choices.map(({ logprobs: told }) => told)).toEqual([logprobs('fine'), null, null]);
  });

  it('holds no prompt for the beginning of its answer, and stops a word that both make', async () => {
    const { listener } = backendOf([choice('gblat it is')]);
    const client = clientOf(await host.start(listener));
    const { choices } = await client.completions.create({ model: 'm', prompt: 'a zor' });
    expect(choices[0]!.finish_reason).toBe('content_filter');
  });

  it('DeepSeek: the beginning of an answer that the request brings is judged, and read on into the answer', async () => {
    const said = { role: 'assistant', content: 'gblat it is' };
    const url = await host.start((req, res) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'application/json' });
      // Under load blank lines come first.
      res.write('\n\n');
      res.end(JSON.stringify({ ...ENVELOPE, choices: [{ index: 0, message: said, finish_reason: 'stop' }] }));
    });
    const begun = (content: string) => [
      { role: 'user' as const, content: 'hi' },
      { role: 'assistant' as const, content, prefix: true },
    ];
    const client = clientOf(url, '/beta');
    await expect(client.chat.completions.create({ model: 'm', messages: begun('a zorgblat') })).rejects.toThrow(
      BadRequestError,
    );
    const fine = await client.chat.completions.create({ model: 'm', messages: begun('well then ') });
    expect(fine.choices[0]?.finish_reason).toBe('stop');
    const joined = await client.chat.completions.create({ model: 'm', messages: begun('a zor') });
    expect(joined.choices[0]?.finish_reason).toBe('content_filter');
  });

  it('embeddings: what is embedded is judged, and vectors in base64 pass as they are', async () => {
    const vector = Buffer.from(new Float32Array([0.5, 1]).buffer).toString('base64');
    const asked: unknown[] = [];
    const reply = {
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: vector }],
      model: 'm',
      usage: {},
    };
    const url = await host.start(async (req, res) => {
      asked.push(JSON.parse(String(await bodyOf(req))));
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
    });
    const client = clientOf(url);
    // The client asks for base64 by itself, and decodes it.
    const { data } = await client.embeddings.create({ model: 'm', input: ['fine', 'a quux'] });
    expect(data[0]!.embedding).toEqual([0.5, 1]);
    expect(asked).toMatchObject([{ input: ['fine', 'a #'] }]);
    await client.embeddings.create({ model: 'm', input: [1, 2] });
    await expect(client.embeddings.create({ model: 'm', input: 'a zorgblat' })).rejects.toMatchObject({
      status: 400,
      param: 'input',
    });
    expect(asked).toHaveLength(2);
  });

  it('images, speech and reranking: what is asked for is judged, and so is what is said about it', async () => {
    const image = { created: 7, data: [{ b64_json: 'cXV1eA==', revised_prompt: 'a quux' }] };
    const url = await host.start((req, res) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(image));
    });
    const client = clientOf(url);
    const { data } = await client.images.generate({ model: 'm', prompt: 'fine' });
    expect(data).toEqual([{ b64_json: 'cXV1eA==', revised_prompt: 'a #' }]);
    await expect(client.images.generate({ model: 'm', prompt: 'a zorgblat' })).rejects.toThrow(BadRequestError);
    const speech = client.audio.speech.create({ model: 'm', input: 'a zorgblat', voice: 'alloy' });
    await expect(speech).rejects.toThrow(BadRequestError);
  });
});
