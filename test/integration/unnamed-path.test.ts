import { gzipSync } from 'node:zlib';
import express from 'express';
import { answer, ask, send as sendToApp, startApp, stopApps } from '../support/express-app.js';
import { bodyOf, ProxyFixture, sendJson } from '../support/proxy-fixture.js';

afterEach(stopApps);
const fixture = new ProxyFixture();
afterAll(() => fixture.close());

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
  /** What came through to the backend or the handler. */
  readonly seen: string | undefined;
  readonly outcomes: readonly unknown[];
}

async function throughProxy({ headers, body }: Sent, config: object): Promise<Outcome> {
  let seen: string | undefined;
  const upstream = await fixture.upstream(async (req, res) => {
    seen = (await bodyOf(req)).toString('latin1');
    sendJson(res, answer('ok'));
  });
  const { url, entries } = await fixture.proxy(upstream, config);
  const reply = await fetch(`${url}/talk`, { method: 'POST', headers, body });
  const code = ((await reply.json()) as { error?: { code: string } }).error?.code;
  return { status: reply.status, code, seen, outcomes: entries.map(({ outcome }) => outcome) };
}

async function throughMiddleware({ headers, body }: Sent, config: object): Promise<Outcome> {
  let seen: string | undefined;
  const app = await startApp({
    config,
    build: (server, screening) => {
      server.use(screening);
      server.post('/talk', async (req, res) => {
        seen = (await bodyOf(req)).toString('latin1');
        res.json(answer('ok'));
      });
    },
  });
  const received = await sendToApp(app, { path: '/talk', headers, body });
  const { error } = JSON.parse(String(received.body)) as { error?: { code: string } };
  const outcomes = (await app.rows()).map((row) => row['outcome']);
  return { status: received.status, code: error?.code, seen, outcomes };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const CHAT = JSON.stringify(ask('a zorgblat'));
const PROMPT = JSON.stringify({ model: 'm', prompt: 'a zorgblat' });
const junk = `{"junk":${'['.repeat(99)}${']'.repeat(99)},${CHAT.slice(1)}`;
const LIMITS = { limits: { maxBodyBytes: 2000, maxJsonValues: 500 } };
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');
const big = (text: string): string => text.replace(/}$/, `,"x":"${'x'.repeat(3000)}"}`);

describe.each([
  ['proxy', throughProxy],
  ['middleware', throughMiddleware],
])('a path that names no format, in the %s', (_kind, run) => {
  it.each<[string, string | Buffer, Record<string, string>]>([
    ['plain', CHAT, JSON_TYPE],
    ['as text', CHAT, { 'content-type': 'text/plain' }],
    ['as an image', CHAT, { 'content-type': 'image/png' }],
    ['as a form', CHAT, { 'content-type': 'multipart/form-data; boundary=x' }],
    ['without a type', CHAT, {}],
    ['behind white space and a byte order mark', `\uFEFF${' '.repeat(500)}${CHAT}`, { 'content-type': 'text/plain' }],
    ['compressed, as text', gzipSync(CHAT), { 'content-type': 'text/plain', 'content-encoding': 'gzip' }],
    ['with one message of another shape', CHAT.replace('[{', '[{},"a",{'), JSON_TYPE],
    ['a prompt', PROMPT, JSON_TYPE],
    ['a prompt as text, its key in another case', PROMPT.replace('prompt', 'PROMPT'), { 'content-type': 'text/plain' }],
    ['with keys in another case', CHAT.replace('messages', 'Messages').replace('"role"', '"ROLE"'), JSON_TYPE],
  ])('a chat is judged: %s', async (_, body, headers) => {
    const { status, code, seen } = await run({ headers, body: Buffer.from(body) }, LIMITS);
    expect({ status, code, seen }).toEqual({ status: 400, code: 'content_filter', seen: undefined });
  });

  it.each<[string, string | Buffer, Record<string, string>, number]>([
    ['nested too deep', junk, JSON_TYPE, 400],
    ['a prompt nested too deep', junk.replace('messages', 'prompt'), JSON_TYPE, 400],
    ['nested too deep, as text', junk, { 'content-type': 'text/plain' }, 400],
    ['nested too deep, with an escaped key', junk.replace('messages', '\\u006dessages'), JSON_TYPE, 400],
    ['nested too deep, with a key in another case', junk.replace('messages', 'Mes\u017fages'), JSON_TYPE, 400],
    ['too large', big(CHAT), JSON_TYPE, 413],
    ['of too many values', CHAT.replace(/}$/, `,"x":[${'1,'.repeat(600)}1]}`), JSON_TYPE, 413],
    ['too large, as text', big(CHAT), { 'content-type': 'text/plain' }, 413],
    ['too large once decoded', gzipSync(big(CHAT)), { ...JSON_TYPE, 'content-encoding': 'gzip' }, 413],
    ['followed by garbage', `${CHAT} x`, JSON_TYPE, 400],
    ['with what only some parsers take', CHAT.replace('{', '{"temperature":NaN,'), JSON_TYPE, 400],
    ['in UTF-16', wide(CHAT), JSON_TYPE, 415],
    ['in UTF-16 with a byte order mark, as text', wide(`\uFEFF${CHAT}`), { 'content-type': 'text/plain' }, 415],
    ['in UTF-32', Buffer.from([...CHAT].flatMap((c) => [0, 0, 0, c.charCodeAt(0)])), JSON_TYPE, 415],
    ['in another charset', CHAT, { 'content-type': 'application/json; charset=utf-7' }, 415],
    ['in another charset, as text', CHAT, { 'content-type': 'text/plain; charset=utf-7' }, 415],
    ['in an unknown encoding', CHAT, { ...JSON_TYPE, 'content-encoding': 'x9' }, 415],
  ])('what may still be a chat to the backend is refused: %s', async (_, body, headers, status) => {
    const outcome = await run({ headers, body: Buffer.from(body) }, LIMITS);
    expect(outcome).toEqual({ status, code: 'err_sluice_body', seen: undefined, outcomes: [] });
  });

  it.each<[string, string | Buffer, Record<string, string>]>([
    ['another shape', '{"input":"a zorgblat"}', JSON_TYPE],
    ['broken JSON', '{"input":"a zorgblat"', JSON_TYPE],
    ['deep nesting', '['.repeat(200) + ']'.repeat(200), JSON_TYPE],
    ['many values', `{"input":[${'1,'.repeat(600)}1]}`, JSON_TYPE],
    ['a large list', `[${'1,'.repeat(3000)}1]`, JSON_TYPE],
    ['a large upload', Buffer.alloc(9000, 7), { 'content-type': 'application/octet-stream' }],
    ['a large upload of zeros', Buffer.alloc(9000), { 'content-type': 'application/octet-stream' }],
    [
      'a form',
      '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--x--',
      { 'content-type': 'multipart/form-data; boundary=x' },
    ],
    ['bytes that are no gzip', 'nope', { 'content-type': 'text/plain', 'content-encoding': 'gzip' }],
  ])('what is no chat passes byte for byte, and is recorded: %s', async (_, body, headers) => {
    const bytes = Buffer.from(body);
    const outcome = await run({ headers, body: bytes }, LIMITS);
    expect(outcome).toEqual({ status: 200, code: undefined, seen: bytes.toString('latin1'), outcomes: ['unscreened'] });
  });

  it.each<[string, string | Buffer, Record<string, string>]>([
    ['nested too deep', junk, JSON_TYPE],
    ['too large', big(CHAT), JSON_TYPE],
    ['in UTF-16', wide(CHAT), JSON_TYPE],
    ['in another charset', CHAT, { 'content-type': 'application/json; charset=utf-7' }],
    ['in an unknown encoding', CHAT, { ...JSON_TYPE, 'content-encoding': 'x9' }],
  ])('mode shadow lets pass, and records, what cannot be read: %s', async (_, body, headers) => {
    const bytes = Buffer.from(body);
    const outcome = await run({ headers, body: bytes }, { ...LIMITS, mode: 'shadow' });
    expect(outcome).toEqual({ status: 200, code: undefined, seen: bytes.toString('latin1'), outcomes: ['unscreened'] });
  });

  it('repeated keys reach nobody in the reading that was not judged', async () => {
    const body = Buffer.from(
      `{"messages":[{"role":"user","content":"a zorgblat"}],${JSON.stringify(ask('hi')).slice(1)}`,
    );
    const { status, seen } = await run({ headers: { 'content-type': 'text/plain' }, body }, {});
    expect([status, JSON.parse(seen ?? '')]).toEqual([200, ask('hi')]);
  });
});

describe('a body that a parser of the host has read', () => {
  const start = (parser: express.RequestHandler, config: object = {}) => {
    let seen: unknown;
    const handler: express.RequestHandler = (req, res) => {
      seen = req.body;
      res.json(answer('ok'));
    };
    return startApp({ config, build: (app, screening) => app.post('/talk', parser, screening, handler) }).then(
      (app) => ({
        app,
        seen: () => seen,
      }),
    );
  };
  const text = express.text({ type: '*/*' });
  const raw = express.raw({ type: '*/*' });

  it.each([
    ['text', text],
    ['bytes', raw],
  ])('as %s is judged whatever its type', async (_, parser) => {
    const { app } = await start(parser);
    const headers = { 'content-type': 'text/plain' };
    expect((await sendToApp(app, { path: '/talk', headers, body: CHAT })).status).toBe(400);
    expect((await sendToApp(app, { path: '/talk', headers, body: junk })).status).toBe(400);
  });

  it.each([
    ['text', text],
    ['bytes', raw],
  ])('as %s is handed on as it was judged, and not with its repeated keys', async (_, parser) => {
    const { app, seen } = await start(parser);
    const body = `{"messages":[{"role":"user","content":"a zorgblat"}],${JSON.stringify(ask('hi')).slice(1)}`;
    expect((await sendToApp(app, { path: '/talk', body })).status).toBe(200);
    expect(JSON.parse(String(seen()))).toEqual(ask('hi'));
    expect(String(seen())).not.toContain('zorgblat');
  });

  it('as an object of too many values is refused', async () => {
    const { app } = await start(express.json(), { limits: { maxJsonValues: 50 } });
    const { status } = await sendToApp(app, { path: '/talk', body: ask('hi', { x: Array(60).fill(1) }) });
    expect(status).toBe(413);
  });

  it('as an object that is nested too deep is refused, without a stack overflow', async () => {
    const { app } = await start(express.json());
    const body = `{"junk":${'['.repeat(20_000)}${']'.repeat(20_000)},${CHAT.slice(1)}`;
    const { status, body: told } = await sendToApp(app, { path: '/talk', body });
    expect([status, JSON.parse(String(told)).error.code]).toEqual([400, 'err_sluice_body']);
  });
});
