import { Readable } from 'node:stream';
import type { RequestHandler } from 'express';
import { ask as askApp, chunk, send, startApp, stopApps, streamedText } from '../support/express-app.js';
import {
  ask,
  DONE,
  frame,
  ProxyFixture,
  type RunningProxy,
  readWire,
  reply,
  sendJson,
  startStream,
} from '../support/proxy-fixture.js';

// What users of comparable systems complained about, as far as it concerns ways round the screen; numbers as in the list.
const fixture = new ProxyFixture();
afterEach(stopApps);
afterAll(() => fixture.close());

const STOP = frame(undefined, { finish: 'stop' });

/** A proxy in front of a backend that writes these pieces of a stream, or answers with this body. */
async function proxyOf(
  answer: readonly string[] | object,
  config: object = {},
  type = 'text/event-stream',
): Promise<RunningProxy> {
  const upstream = await fixture.upstream((_req, res) => {
    if (!Array.isArray(answer)) return sendJson(res, answer);
    res.writeHead(200, { 'content-type': type });
    for (const wire of answer) res.write(wire);
    res.end();
  });
  return fixture.proxy(upstream, config);
}

const post = (url: string, path: string, body: object): Promise<Response> =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('streaming', () => {
  it('asks 4: a stream is screened with nothing switched on for streams, and nothing called by hand', async () => {
    const proxy = await proxyOf([frame('well, a zorgblat it'), STOP, DONE], { policies: {} });
    const wire = await (await post(proxy.url, '/v1/chat/completions', ask('hi', { stream: true }))).text();
    expect([readWire(wire).text(), readWire(wire).finish()]).toEqual(['well, a ', ['content_filter']]);
    expect(proxy.entries).toMatchObject([{ direction: 'output', applied: 'block', outcome: 'screened' }]);
  });

  it.each<[string, RequestHandler]>([
    [
      'events written one by one',
      (_req, res) => {
        res.type('text/event-stream');
        for (const piece of ['well, a zor', 'gblat it']) res.write(chunk(piece));
        res.end(chunk('', 'stop') + DONE);
      },
    ],
    [
      'a stream of its own that is piped',
      (_req, res) => {
        res.type('text/event-stream');
        Readable.from([chunk('well, a zor'), chunk('gblat it'), chunk('', 'stop'), DONE]).pipe(res);
      },
    ],
  ])('asks 6: what a handler streams needs no hook to be screened: %s', async (_, handler) => {
    const app = await startApp({ handler });
    const { body } = await send(app, { body: askApp('hi', { stream: true }) });
    expect(streamedText(String(body))).toBe('well, a ');
    expect(String(body)).not.toContain('gblat');
    expect(await app.rows()).toMatchObject([{ direction: 'output', applied: 'block', field: 'choices[0].content' }]);
  });

  it('asks 9: a generator of the host goes round neither the screen of the Input nor the record', async () => {
    let generated = 0;
    async function* words(said: string): AsyncGenerator<string> {
      generated += 1;
      for (const word of said.split(/(?<= )/)) yield chunk(word);
      yield chunk('', 'stop') + DONE;
    }
    const app = await startApp({
      handler: (req, res) => {
        res.type('text/event-stream');
        Readable.from(words(`${req.body.messages[0].content} and a zorgblat`)).pipe(res);
      },
    });
    const refused = await send(app, { body: askApp('a zorgblat', { stream: true }) });
    expect([refused.status, generated]).toEqual([400, 0]);
    const { body } = await send(app, { body: askApp('hi', { stream: true }) });
    expect(streamedText(String(body))).toBe('hi and a ');
    expect((await app.rows()).map(({ direction, applied }) => [direction, applied])).toEqual([
      ['input', 'block'],
      ['output', 'block'],
    ]);
  });

  it('asks 13: streamed text can be made to wait until its sentence was judged', async () => {
    let goOn: () => void = () => undefined;
    const upstream = await fixture.upstream((_req, res) => {
      const write = startStream(res);
      write(frame('One harmless'));
      goOn = () => {
        write(frame(' sentence. And'));
        res.end(frame(' then') + STOP + DONE);
      };
      // Proves that what comes before has been worked off, for it passes behind it.
      write(': still here\n\n');
    });
    const { url } = await fixture.proxy(upstream, { policies: { default: { output: { hold: 'sentence' } } } });
    const response = await post(url, '/v1/chat/completions', ask('hi', { stream: true }));
    let wire = '';
    for await (const bytes of response.body ?? []) {
      wire += Buffer.from(bytes).toString();
      if (!wire.includes('still here')) continue;
      if (!wire.includes('sentence')) expect(readWire(wire).text()).toBe('');
      goOn();
      goOn = () => undefined;
    }
    expect(readWire(wire).text()).toBe('One harmless sentence. And then');
  });
});

describe('coverage', () => {
  const ARGUMENTS = '{"q":"a z\\u006frgblat it"}';
  const item = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'c',
    name: 'f',
    arguments: ARGUMENTS,
    status: 'completed',
  };

  it('asks 44: the arguments of a tool call on Responses are screened, whole', async () => {
    const body = { id: 'r', object: 'response', status: 'completed', model: 'm', output: [item] };
    const proxy = await proxyOf(body);
    const answer = await (await post(proxy.url, '/v1/responses', { model: 'm', input: 'hi' })).text();
    expect(answer).not.toMatch(/z\\u006frgblat|zorgblat/);
    expect(JSON.parse(answer)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter' },
    });
    expect(proxy.entries).toMatchObject([{ direction: 'output', applied: 'block' }]);
  });

  it('asks 44: and streamed, letter by letter', async () => {
    const base = { id: 'r', object: 'response', status: 'in_progress', model: 'm', output: [] };
    const event = (type: string, fields: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 0, ...fields })}\n\n`;
    const proxy = await proxyOf([
      event('response.created', { response: base }),
      event('response.output_item.added', { output_index: 0, item: { ...item, arguments: '', status: 'in_progress' } }),
      ...[...ARGUMENTS].map((delta) =>
        event('response.function_call_arguments.delta', { item_id: 'fc_1', output_index: 0, delta }),
      ),
      event('response.function_call_arguments.done', { item_id: 'fc_1', output_index: 0, arguments: ARGUMENTS }),
      event('response.output_item.done', { output_index: 0, item }),
      event('response.completed', { response: { ...base, status: 'completed', output: [item] } }),
    ]);
    const wire = await (await post(proxy.url, '/v1/responses', { model: 'm', input: 'hi', stream: true })).text();
    const said = [...wire.matchAll(/"delta":"((?:[^"\\]|\\.)*)"/g)]
      .map(([, delta]) => JSON.parse(`"${delta}"`))
      .join('');
    expect(said).not.toMatch(/blat|z\\u006f/);
    expect(wire).toContain('event: response.incomplete');
    expect(proxy.entries).toMatchObject([{ direction: 'output', applied: 'block' }]);
  });

  it('asks 44: and in what a request says of earlier calls and their results', async () => {
    const proxy = await proxyOf(reply('fine'));
    const outputs = { type: 'function_call_output', call_id: 'c', output: 'a zorgblat' };
    for (const input of [[item], [{ ...item, arguments: '{}' }, outputs]]) {
      expect((await post(proxy.url, '/v1/responses', { model: 'm', input })).status).toBe(400);
    }
  });

  it.each(['thinking', 'reasoning', 'reasoning_content'])(
    'asks 47: what Ollama streams as `%s` is screened, and what is harmless does not wait for the end',
    async (key) => {
      const line = (message: object, done = false): string =>
        `${JSON.stringify({ model: 'm', created_at: 't', message: { role: 'assistant', content: '', ...message }, done })}\n`;
      let goOn: () => void = () => undefined;
      const upstream = await fixture.upstream((_req, res) => {
        res.writeHead(200, { 'content-type': 'application/x-ndjson' });
        res.write(line({ [key]: 'Some harmless thoughts. Then a zor' }));
        goOn = () => res.end(line({ [key]: 'gblat it' }) + line({ content: 'hi' }) + line({}, true));
      });
      const proxy = await fixture.proxy(upstream);
      const response = await post(proxy.url, '/api/chat', { model: 'm', messages: [{ role: 'user', content: 'hi' }] });
      let wire = '';
      for await (const bytes of response.body ?? []) {
        wire += Buffer.from(bytes).toString();
        if (wire.includes('harmless thoughts.')) goOn();
      }
      const lines = wire
        .trim()
        .split('\n')
        .map((each) => JSON.parse(each));
      expect(lines.map(({ message }) => message[key] ?? '').join('')).toMatch(/^Some harmless thoughts. Then a /);
      expect(wire).not.toMatch(/zor|gblat/);
      expect(lines.at(-1)).toMatchObject({ done: true });
      expect(proxy.entries).toMatchObject([{ direction: 'output', applied: 'block', field: `message.${key}` }]);
    },
  );
});
