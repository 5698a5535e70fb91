import { subjectId } from '../../src/store/index.js';
import { ask, ProxyFixture, reply, sendJson } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterAll(() => fixture.close());
const KEY = 'a key of the tests';

describe('the subject in the record', () => {
  beforeEach(() => {
    process.env['ZORG_KEY'] = KEY;
  });
  afterEach(() => {
    delete process.env['ZORG_KEY'];
  });

  it('is the hash of the key that the client sent, on both sides of an exchange', async () => {
    const upstream = await fixture.upstream((_req, res) => sendJson(res, reply('a quux')));
    const { client, entries } = await fixture.proxy(upstream, { subject: { from: 'api-key', keyEnv: 'ZORG_KEY' } });
    await client.chat.completions.create(ask('a quux'));
    const subject = subjectId(Buffer.from(KEY), 'sk-secret');
    expect(entries).toMatchObject([
      { direction: 'input', subject },
      { direction: 'output', subject },
    ]);
    expect(JSON.stringify(entries)).not.toContain('sk-secret');
  });

  it('needs a secret, and says which one', async () => {
    delete process.env['ZORG_KEY'];
    const config = { subject: { from: 'api-key', keyEnv: 'ZORG_KEY' } };
    await expect(fixture.proxy('http://127.0.0.1:1', config)).rejects.toThrow(/ZORG_KEY: must be set/);
    process.env['ZORG_KEY'] = 'short';
    await expect(fixture.proxy('http://127.0.0.1:1', config)).rejects.toThrow(/at least 16 characters/);
  });

  it.each([
    ['a header without its name', { from: 'header' }],
    ['a name without a header', { from: 'api-key', header: 'x-user' }],
  ])('is refused when the config has %s', async (_, subject) => {
    await expect(fixture.proxy('http://127.0.0.1:1', { subject })).rejects.toThrow(/from: header/);
  });
});
