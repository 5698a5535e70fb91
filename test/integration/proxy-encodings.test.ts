import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { ask, bodyOf, DONE, frame, ProxyFixture, readWire, reply, sendJson } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());

const ENCODINGS: readonly [string, string, (bytes: Buffer) => Buffer][] = [
  ['gzip', 'gzip', gzipSync],
  ['gzip by its old name', 'X-GZIP', gzipSync],
  ['brotli', 'br', brotliCompressSync],
  ['deflate with the zlib header', 'deflate', deflateSync],
  ['deflate without it', 'deflate', deflateRawSync],
  ['two, one on the other', 'gzip, br', (bytes) => brotliCompressSync(gzipSync(bytes))],
  ['identity', 'identity', (bytes) => bytes],
];
const post = (url: string, body: Buffer | string, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('an encoded reply', () => {
  it.each(ENCODINGS)('is screened through %s', async (_, encoding, encode) => {
    const upstream = await fixture.upstream((_req, res) => {
      const bytes = encode(Buffer.from(JSON.stringify(reply('a quux 你好'))));
      res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding, etag: '"1"' }).end(bytes);
    });
    const answer = await post((await fixture.proxy(upstream)).url, JSON.stringify(ask('hi')));
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'a # 你好' } }] });
    for (const name of ['content-encoding', 'etag']) expect(answer.headers.get(name)).toBeNull();
  });

  it.each(ENCODINGS)('is screened as a stream through %s', async (_, encoding, encode) => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': encoding });
      const bytes = encode(Buffer.from(frame('a zor') + frame('gblat it is') + DONE));
      for (const byte of bytes) res.write(Buffer.of(byte));
      res.end();
    });
    const wire = await (await post((await fixture.proxy(upstream)).url, JSON.stringify(ask('hi')))).text();
    expect(readWire(wire).text()).toBe('a ');
    expect(readWire(wire).finish()).toEqual(['content_filter']);
  });

  it.each([
    ['an encoding that is not known', 'zstd', Buffer.from('x'), /encoded in a way that cannot be read/],
    ['bytes that are not so encoded', 'gzip', Buffer.from('not gzip'), /broke off/],
    ['a cut', 'gzip', gzipSync(JSON.stringify(reply('hi'))).subarray(0, 60), /broke off/],
    ['a cut of raw deflate', 'deflate', deflateRawSync(JSON.stringify(reply('hi'))).subarray(0, 60), /broke off/],
  ])('is an error of the backend with %s', async (_, encoding, bytes, message) => {
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding }).end(bytes);
    });
    const { client } = await fixture.proxy(upstream);
    const error = await client.chat.completions.create(ask('hi')).catch((e: unknown) => e);
    expect(error).toMatchObject({ status: 502, code: 'err_sluice_upstream', message: expect.stringMatching(message) });
  });

  it('is asked for only in encodings that can be undone', async () => {
    let accepted: unknown;
    const upstream = await fixture.upstream((req, res) => {
      accepted = req.headers['accept-encoding'];
      sendJson(res, reply('hi'));
    });
    await post((await fixture.proxy(upstream)).url, JSON.stringify(ask('hi')), { 'accept-encoding': 'zstd, gzip' });
    expect(accepted).toBe('gzip, deflate, br');
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('is refused when %s blows it up beyond the limit', async (encoding, encode) => {
    const bomb = encode(Buffer.from(JSON.stringify(reply('x'.repeat(5_000_000)))));
    const upstream = await fixture.upstream((_req, res) => {
      res.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding }).end(bomb);
    });
    const { url } = await fixture.proxy(upstream, { limits: { maxBodyBytes: 100_000 } });
    const answer = await post(url, JSON.stringify(ask('hi')));
    expect(answer.status).toBe(502);
    expect(await answer.text()).toContain('larger than 100000 bytes');
  });
});

describe('an encoded request', () => {
  it.each(ENCODINGS)('is screened through %s and sent on plain', async (_, encoding, encode) => {
    let seen = '';
    let headers: Record<string, unknown> = {};
    const upstream = await fixture.upstream(async (req, res) => {
      headers = req.headers;
      seen = (await bodyOf(req)).toString();
      sendJson(res, reply('ok'));
    });
    const { url } = await fixture.proxy(upstream);
    const body = encode(Buffer.from(JSON.stringify(ask('a quux'))));
    expect((await post(url, body, { 'content-encoding': encoding })).status).toBe(200);
    expect(JSON.parse(seen).messages[0].content).toBe('a #');
    expect(headers).not.toHaveProperty('content-encoding');
    expect(headers['content-length']).toBe(String(Buffer.byteLength(seen)));
  });

  it.each([
    ['an encoding that is not known', 'zstd', Buffer.from('x'), 415],
    ['bytes that are not so encoded', 'gzip', Buffer.from('not gzip'), 400],
    ['a cut', 'gzip', gzipSync(JSON.stringify(ask('hi'))).subarray(0, 30), 400],
    ['more than the limit once decoded', 'gzip', gzipSync(JSON.stringify(ask('x'.repeat(1_000_000)))), 413],
  ])('is refused with %s', async (_, encoding, body, status) => {
    const { url } = await fixture.proxy('http://127.0.0.1:1', { limits: { maxBodyBytes: 100_000 } });
    const answer = await post(url, body, { 'content-encoding': encoding });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error', code: 'err_sluice_body' } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});
