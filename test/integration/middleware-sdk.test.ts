import compression from 'compression';
import express, { type RequestHandler } from 'express';
import OpenAI, { APIError, BadRequestError } from 'openai';
import request from 'supertest';
import { answer, ask, CHAT, chunk, startApp, stopApps } from '../support/express-app.js';

afterEach(stopApps);

/** A backend that says what it is told to say, in the system message. */
const parrot: RequestHandler = (req, res) => {
  const say: string = req.body.messages[0].content;
  if (req.body.stream !== true) return void res.json(answer(say));
  res.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const word of say.split(/(?<=.)/)) res.write(chunk(word));
  res.write(chunk('', 'stop'));
  res.end('data: [DONE]\n\n');
};

const SETUPS: [name: string, before: RequestHandler[]][] = [
  ['alone', []],
  ['behind express.json() and compression', [compression() as RequestHandler, express.json()]],
];

describe.each(SETUPS)('the official client against a mounted middleware, %s', (_, before) => {
  async function start(handler: RequestHandler = parrot) {
    let calls = 0;
    const counting: RequestHandler = (_req, _res, next) => {
      calls += 1;
      next();
    };
    const onlyOutput = { abusive: { flag: 0.75, redact: 0.9, block: 0.99 } };
    const policies = { default: { input: { abusive: { block: 1 } }, output: onlyOutput, mask: '#' } };
    const app = await startApp({ before: [counting, ...before], handler, config: { policies } });
    const client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'none' });
    const say = (content: string) => ({ model: 'm', messages: [{ role: 'system' as const, content }] });
    return { client, say, calls: () => calls, app };
  }

  test('allow', async () => {
    const { client, say } = await start();
    const reply = await client.chat.completions.create(say('good morning'));
    expect(reply.choices[0]).toMatchObject({ message: { content: 'good morning' }, finish_reason: 'stop' });
  });

  test('output block', async () => {
    const { client, say } = await start();
    const reply = await client.chat.completions.create(say('a zorgblat'));
    expect(reply.choices[0]!.finish_reason).toBe('content_filter');
    expect(JSON.stringify(reply)).not.toContain('zorgblat');
  });

  test.each<[name: string, content: string, text: string, finish: string]>([
    ['allow', 'good morning to you', 'good morning to you', 'stop'],
    ['redact', 'one quux two', 'one # two', 'stop'],
    ['block', 'well then zorgblat it is', 'well then ', 'content_filter'],
  ])('stream, %s', async (_case, content, text, finish) => {
    const { client, say } = await start();
    let seen = '';
    let end: string | null | undefined;
    for await (const part of await client.chat.completions.create({ ...say(content), stream: true })) {
      seen += part.choices[0]?.delta.content ?? '';
      end = part.choices[0]?.finish_reason ?? end;
    }
    expect([seen, end]).toEqual([text, finish]);
  });

  test('a stream that breaks is an error, not an end', async () => {
    const { client, say } = await start(
      (_req, res) => void res.type('text/event-stream').end(`${chunk('a ')}data: {\n\n`),
    );
    const read = async (): Promise<void> => {
      for await (const _part of await client.chat.completions.create({ ...say('x'), stream: true }));
    };
    await expect(read()).rejects.toBeInstanceOf(APIError);
  });

  test('a reply that cannot be screened is one error, without a retry', async () => {
    const { client, say, calls } = await start((_req, res) => void res.type('json').send('{"a"'));
    const error: unknown = await client.chat.completions.create(say('x')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status: 502, code: 'unscreened_reply' });
    expect(calls()).toBe(1);
  });
});

test.each(SETUPS)('input block is a BadRequestError and not retried, %s', async (_, before) => {
  let calls = 0;
  const counting: RequestHandler = (_req, _res, next) => {
    calls += 1;
    next();
  };
  const app = await startApp({ before: [counting, ...before], handler: parrot });
  const client = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'none' });
  const messages = [{ role: 'user' as const, content: 'a zorgblat' }];
  const error: unknown = await client.chat.completions
    .create({ model: 'm', messages })
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({ code: 'content_filter', type: 'invalid_request_error' });
  expect(String((error as BadRequestError).message)).not.toContain('zorgblat');
  expect(calls).toBe(1);
});

test('supertest, as a host would test its own app', async () => {
  const app = await startApp({ handler: parrot });
  const reply = await request(app.server).post(CHAT).send(ask('good morning')).expect(200);
  expect(reply.body.choices[0].message.content).toBe('good morning');
});
