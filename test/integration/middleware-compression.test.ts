import { once } from 'node:events';
import { brotliDecompressSync, createGunzip, gunzipSync, inflateSync } from 'node:zlib';
import compression from 'compression';
import type { RequestHandler, Response } from 'express';
import {
  answer,
  ask,
  chunk,
  openRequest,
  type Received,
  send,
  startApp,
  stopApps,
  streamedText,
} from '../support/express-app.js';

afterEach(stopApps);

const DONE = 'data: [DONE]\n\n';
const LONG = 'harmless words '.repeat(200);
const compress = (): RequestHandler => compression({ threshold: 0 }) as RequestHandler;

const PLACES: [name: string, place: { before?: RequestHandler[]; after?: RequestHandler[] }][] = [
  ['before us', { before: [compress()] }],
  ['after us', { after: [compress()] }],
  ['on both sides', { before: [compress()], after: [compress()] }],
];

function decode({ headers, body }: Received): string {
  const encoding = headers['content-encoding'];
  if (encoding === 'gzip') return String(gunzipSync(body));
  if (encoding === 'br') return String(brotliDecompressSync(body));
  if (encoding === 'deflate') return String(inflateSync(body));
  expect(encoding).toBeUndefined();
  return String(body);
}

const WAYS: [name: string, write: (text: string) => RequestHandler][] = [
  ['res.json', (text) => (_req, res) => void res.json(answer(text))],
  [
    'write and end',
    (text) => (_req, res) => {
      const json = JSON.stringify(answer(text));
      res.type('json').write(json.slice(0, 20));
      res.end(json.slice(20));
    },
  ],
];
const EVENTS: RequestHandler = (req, res) => {
  res.type('text/event-stream');
  for (const word of String(req.query['say']).split('|')) res.write(chunk(word));
  res.end(DONE);
};

describe.each(PLACES)('compression %s', (_, place) => {
  test.each(WAYS)('a harmless reply is the same as without sluice: %s', async (_way, write) => {
    const handler = write(LONG);
    const headers = { 'accept-encoding': 'gzip' };
    const [screened, bare] = await Promise.all(
      [true, false].map(async (on) => {
        const reply = await send(await startApp({ ...place, handler, screened: on }), { body: ask('hi'), headers });
        const { date: _date, ...rest } = reply.headers;
        return { ...reply, headers: rest };
      }),
    );
    expect(bare!.headers['content-encoding']).toBe('gzip');
    expect(screened).toEqual(bare);
  });

  const encodings = ['gzip', 'br', 'deflate', 'identity'];

  test.each(encodings)('a redacted reply decodes to what it says: %s', async (encoding) => {
    const app = await startApp({ ...place, handler: WAYS[0]![1](`one quux ${LONG}`) });
    const reply = await send(app, { body: ask('hi'), headers: { 'accept-encoding': encoding } });
    expect(reply.cut).toBe(false);
    expect(JSON.parse(decode(reply)).choices[0].message.content).toBe(`one # ${LONG}`);
    expect(reply.headers.vary).toBe('Accept-Encoding');
    expect(reply.headers.etag).toBeUndefined();
    if (reply.headers['content-length'] !== undefined) {
      expect(Number(reply.headers['content-length'])).toBe(reply.body.length);
    }
  });

  test('a blocked reply', async () => {
    const app = await startApp({ ...place, handler: WAYS[0]![1](`a zorgblat ${LONG}`) });
    const reply = await send(app, { body: ask('hi'), headers: { 'accept-encoding': 'gzip' } });
    expect(JSON.parse(decode(reply)).choices[0].finish_reason).toBe('content_filter');
  });

  test('a blocked request', async () => {
    const app = await startApp({ ...place, handler: WAYS[0]![1]('hi') });
    const reply = await send(app, { body: ask('a zorgblat'), headers: { 'accept-encoding': 'gzip' } });
    expect([reply.status, JSON.parse(decode(reply)).error.code]).toEqual([400, 'content_filter']);
  });

  test.each<[name: string, say: string, text: string]>([
    ['harmless', 'good |morning', 'good morning'],
    ['redacted', 'one q|uux| two', 'one # two'],
    ['blocked', 'well then zor|gblat it is|more', 'well then '],
  ])('a stream, %s', async (_case, say, text) => {
    const app = await startApp({ ...place, handler: EVENTS });
    const path = `/v1/chat/completions?say=${encodeURIComponent(say)}`;
    const reply = await send(app, { path, body: ask('hi', { stream: true }), headers: { 'accept-encoding': 'gzip' } });
    const wire = decode(reply);
    expect([reply.cut, streamedText(wire)]).toEqual([false, text]);
    expect(wire.endsWith(DONE)).toBe(true);
  });

  test('events leave one by one, not when the compressor is full', async () => {
    let response: Response | undefined;
    const app = await startApp({
      ...place,
      handler: (_req, res) => {
        response = res;
        res.type('text/event-stream').flushHeaders();
      },
    });
    const reply = await openRequest(app, { body: ask('hi', { stream: true }), headers: { 'accept-encoding': 'gzip' } });
    const plain = reply.headers['content-encoding'] === 'gzip' ? reply.pipe(createGunzip()) : reply;
    for (const text of ['one ', 'two ']) {
      response!.write(chunk(text));
      // What a compressor between the handler and us holds, only the handler can flush.
      if (place.after !== undefined) (response as Response & { flush(): void }).flush();
      expect(streamedText(String((await once(plain, 'data'))[0]))).toBe(text);
    }
    response!.end();
    await once(plain.resume(), 'end');
  });
});

test('a client that takes only what is compressed after us gets identity, as the length says', async () => {
  const app = await startApp({ after: [compress()], handler: WAYS[0]![1]('one quux') });
  const { headers, body } = await send(app, { body: ask('hi'), headers: { 'accept-encoding': 'br' } });
  expect(headers['content-encoding']).toBeUndefined();
  expect(JSON.parse(String(body)).choices[0].message.content).toBe('one #');
});
