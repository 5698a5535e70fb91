import type { RequestHandler } from 'express';
import { TURN_CHARS } from '../../src/moderator/index.js';
import { CHAT, send, startApp, stopApps } from '../support/express-app.js';
import { bodyOf, ProxyFixture } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterEach(stopApps);
afterAll(() => fixture.close());

const REQUEST = '{"seed":9007199254740993,"top_p":1.0,"messages":[{"role":"user","content":"TEXT"}]}';
const REPLY =
  '{"id":9007199254740993,"choices":[{"index":0,"message":{"role":"assistant","content":"TEXT"},"finish_reason":"stop"}]}';
const ERROR = '{"error":{"message":"TEXT","trace":9007199254740993}}';

const withText = (source: string, text: string): string => source.replace('TEXT', text);

/** Backend that answers with JSON and tells what it got. */
async function backend(answer: string, status = 200): Promise<{ url: string; got: () => string }> {
  let got = '';
  const url = await fixture.upstream(async (req, res) => {
    got = (await bodyOf(req)).toString();
    res.writeHead(status, { 'content-type': 'application/json' }).end(answer);
  });
  return { url, got: () => got };
}

const post = (url: string, body: string): Promise<Response> =>
  fetch(`${url}${CHAT}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

describe('numbers that JavaScript cannot hold', () => {
  it.each([
    ['a harmless request', 'hi', 'hi'],
    ['a redacted request', 'a quux', 'a #'],
  ])('go through the proxy unchanged in %s', async (_, said, seen) => {
    const { url, got } = await backend(withText(REPLY, 'fine'));
    await (await post((await fixture.proxy(url)).url, withText(REQUEST, said))).text();
    expect(got()).toBe(withText(REQUEST, seen));
  });

  it.each([
    ['a redacted reply', REPLY, 200],
    ['a redacted error', ERROR, 500],
  ])('go through the proxy unchanged in %s', async (_, source, status) => {
    const { url } = await backend(withText(source, 'a quux'), status);
    const answer = await post((await fixture.proxy(url)).url, withText(REQUEST, 'hi'));
    expect(await answer.text()).toBe(withText(source, 'a #'));
  });

  it('stand once where a key is repeated, and with the last of its values', async () => {
    const { url, got } = await backend(withText(REPLY, 'fine'));
    const twice = withText(REQUEST, 'hi').replace('"seed"', '"seed":9007199254740995,"seed"');
    await (await post((await fixture.proxy(url)).url, twice)).text();
    expect(got()).toBe(withText(REQUEST, 'hi'));
  });

  it.each<[string, RequestHandler[]]>([
    ['nothing', []],
    [
      'a parser of text',
      [
        (req, _res, next) => {
          bodyOf(req).then((bytes) => {
            (req as { body?: unknown }).body = bytes.toString();
            next();
          }, next);
        },
      ],
    ],
  ])('reach a handler that reads the bytes behind the middleware and %s', async (_, before) => {
    let got = '';
    const app = await startApp({
      before,
      handler: (req, res, next) => {
        const read = typeof req.body === 'string' ? Promise.resolve(req.body) : bodyOf(req).then(String);
        read.then((text) => {
          got = text;
          res.type('json').send(withText(REPLY, 'a quux'));
        }, next);
      },
    });
    const answer = await send(app, { body: withText(REQUEST, 'a quux') });
    expect([got, String(answer.body)]).toEqual([withText(REQUEST, 'a #'), withText(REPLY, 'a #')]);
  });
});

it('judges a long Output of an unknown shape in turns', async () => {
  const { screen } = await fixture.proxy(await fixture.upstream((_req, res) => res.end()));
  const { policy } = screen.route(CHAT, {});
  let turns = 0;
  let judged = false;
  const count = (): void => {
    turns += 1;
    if (!judged) setImmediate(count);
  };
  setImmediate(count);
  const long = 'many words '.repeat(100_000);
  const { value } = await screen.screenLoose([`${long} a quux`], { requestId: 'r', path: CHAT, policy });
  judged = true;
  expect([value, turns >= long.length / TURN_CHARS]).toEqual([[`${long} a #`], true]);
});
