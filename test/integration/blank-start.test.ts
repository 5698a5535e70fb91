import { stopApps } from '../support/express-app.js';
import { HOSTS, liveReply } from '../support/live-reply.js';
import { reply as answer, ask, ProxyFixture } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterEach(stopApps);
afterAll(() => fixture.close());

const CHAT = '/v1/chat/completions';
const JSON_TYPE = { 'content-type': 'application/json', etag: '"x"' };

/** A reply that has begun with blank lines, which the client has. */
async function waiting(host: (typeof HOSTS)[number], config: object = {}, more: object = {}) {
  const options = { fixture, host, path: CHAT, body: ask('hi'), headers: JSON_TYPE, first: '\n\n', config, ...more };
  const live = await liveReply(options);
  expect(await live.until((text) => text.length >= 2)).toBe('\n\n');
  live.write('\r\n \n');
  await live.until((text) => text.length >= 6);
  return live;
}

describe.each(HOSTS)('blank lines that a busy backend sends before its JSON: %s', (host) => {
  it('go on to the client at once, and the answer behind them as it came', async () => {
    const live = await waiting(host);
    expect([live.response.status, live.response.headers.get('etag')]).toEqual([200, null]);
    const body = JSON.stringify(answer('fine'));
    live.end(` ${body}`);
    expect(await live.until(() => false)).toBe(`\n\n\r\n \n ${body}`);
  });

  it('do not keep an answer from being redacted', async () => {
    const live = await waiting(host);
    live.write('{"choices":[{"index":0,"message":{"content":"a qu');
    live.end('ux"}}]}');
    expect(JSON.parse(await live.until(() => false))).toEqual({ choices: [{ index: 0, message: { content: 'a #' } }] });
  });

  it.each(['refusal', 'error'])('end in a refusal where a block is told as %s: the status is out', async (output) => {
    const thresholds = { abusive: { block: 0.99 } };
    const config = { policies: { default: { input: thresholds, output: thresholds, blockAs: { output } } } };
    const live = await waiting(host, config);
    live.end(JSON.stringify(answer('a zorgblat')));
    const told = JSON.parse(await live.until(() => false));
    expect(told).toMatchObject({ choices: [{ finish_reason: 'content_filter' }], moderation: { blocked: true } });
    expect(JSON.stringify(told)).not.toContain('zorgblat');
  });

  it('are followed by an error where the answer may not pass', async () => {
    const config = { policies: { default: { unknownFields: { output: 'block' } } } };
    const live = await waiting(host, config);
    live.end(JSON.stringify({ ...answer('fine'), zorg: 'some text' }));
    expect(JSON.parse(await live.until(() => false))).toMatchObject({ error: { code: 'unknown_field' } });
  });

  it('are followed by a cut where the answer is none', async () => {
    const live = await waiting(host);
    live.end('{"choices":');
    await expect(live.until(() => false)).rejects.toThrow();
  });

  it('keep the verdict of mode annotate from the head, so that it stands in the body', async () => {
    const live = await waiting(host, { mode: 'annotate' });
    live.end(JSON.stringify(answer('a zorgblat')));
    expect(live.response.headers.get('x-moderation-output-action')).toBeNull();
    expect(JSON.parse(await live.until(() => false))).toMatchObject({
      choices: [{ message: { content: 'a zorgblat' } }],
      moderation: { blocked: false, action: 'block' },
    });
  });

  it('pass as they come in mode shadow', async () => {
    const live = await waiting(host, { mode: 'shadow' });
    live.end('{"choices":[ ]}');
    expect(await live.until(() => false)).toBe('\n\n\r\n \n{"choices":[ ]}');
  });
});
