import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import express from 'express';
import { composePipeline, openServices, type Services } from '../../src/compose.js';
import { parseConfig } from '../../src/config/index.js';
import { createProxy } from '../../src/http/index.js';
import { sluice } from '../../src/sluice.js';
import { AppealRepository } from '../../src/store/index.js';
import { describeEveryDatabase } from '../support/every-database.js';
import { EVIDENCE_KEY } from '../support/evidence.js';
import { ProxyFixture } from '../support/proxy-fixture.js';
import { ADMIN_TOKEN, runSluice, ServeProcess } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

jest.setTimeout(180_000);

const HIT = '0b0e4f6c-1111-4222-8333-444455556666';
const COMMON = {
  lists: [{ inline: '[severity 4]\nzorgblat\n', category: 'abusive' as const }],
  classifier: { enabled: false },
  log: { level: 'silent' as const },
};
const fixture = new ProxyFixture();
afterAll(() => fixture.close());

function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(url, { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } });
}

interface Desk {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const ways: [string, (store: string, appeals: object) => Promise<Desk>][] = [
  [
    'the proxy',
    async (store, appeals) => {
      const config = parseConfig({ ...COMMON, store, appeals }, 'test');
      const services: Services = await openServices(config);
      const { screen } = await composePipeline(config, { services });
      const upstream = 'http://127.0.0.1:9';
      const { server } = createProxy({ screen: () => screen, upstream, logger: services.logger });
      return { url: `${await fixture.listen(server)}/sluice/appeals`, close: () => services.close() };
    },
  ],
  [
    'a host, mounted on a path',
    async (store, appeals) => {
      const screening = sluice({ ...COMMON, store, appeals });
      await screening.ready;
      const app = express();
      app.use('/help/appeals', screening.appeals);
      return { url: `${await fixture.listen(createServer(app))}/help/appeals`, close: () => screening.close() };
    },
  ],
  [
    'a host, behind its parser',
    async (store, appeals) => {
      const screening = sluice({ ...COMMON, store, appeals });
      await screening.ready;
      const app = express().use(express.json());
      app.post('/sluice/appeals', screening.appeals);
      app.get('/sluice/appeals/:id', screening.appeals);
      return { url: `${await fixture.listen(createServer(app))}/sluice/appeals`, close: () => screening.close() };
    },
  ],
];

describeEveryDatabase('appeals', (harness) => {
  describe.each(ways)('at %s', (_, open) => {
    it('are taken once per hit, and tell what became of them', async () => {
      const { url, close } = await open(harness.store, {});
      const made = await post(url, { hit: HIT.toUpperCase(), message: 'it was \u0000 a joke 😀' });
      expect(made.status).toBe(202);
      expect(made.headers.get('cache-control')).toBe('no-store');
      const { appeal, status } = (await made.json()) as { appeal: string; status: string };
      expect([appeal, status]).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), 'open']);
      const again = await post(url, { hit: HIT });
      expect(again.status).toBe(409);
      expect(await again.json()).toMatchObject({ error: { code: 'appeal_exists' } });
      const asked = await fetch(`${url}/${appeal}?x=1`);
      expect(await asked.json()).toMatchObject({ appeal, status: 'open' });
      const appeals = new AppealRepository(await harness.open());
      expect(await appeals.find(HIT)).toMatchObject({ message: 'it was \u{FFFD} a joke 😀' });
      const decision = { status: 'upheld', by: 'carol', reason: 'secret words', timeMs: 1, rules: undefined } as const;
      await appeals.decide(HIT, { ...decision, effects: { allowed: [], revoked: [] } });
      const told = await (await fetch(`${url}/${appeal}`)).text();
      expect(JSON.parse(told)).toMatchObject({ appeal, status: 'upheld', decided: '1970-01-01T00:00:00.001Z' });
      expect(told).not.toMatch(/carol|secret|0b0e4f6c/);
      await close();
    });

    it.each<[string, unknown, number]>([
      ['no reference', {}, 400],
      ['a reference that is none', { hit: "x' OR 1=1 --" }, 400],
      ['a message that is no text', { hit: HIT, message: 7 }, 400],
      ['a message that is too long', { hit: HIT, message: 'x'.repeat(2001) }, 400],
      ['what is no JSON', '{', 400],
      ['a list', [HIT], 400],
      ['nothing', '', 400],
    ])('refuse %s', async (_name, body, status) => {
      const { url, close } = await open(harness.store, {});
      expect((await post(url, body)).status).toBe(status);
      expect(await harness.query('SELECT * FROM appeals')).toEqual([]);
      await close();
    });
  });

  it('are bounded by size, by client and by number, and are not there when nobody wants them', async () => {
    const [, open] = ways[0] as (typeof ways)[number];
    const small = await open(harness.store, { maxRequests: 4, maxOpen: 1 });
    const statuses: number[] = [];
    statuses.push((await post(small.url, { hit: HIT, message: '\u00e4'.repeat(9_000) })).status);
    statuses.push((await post(small.url, { hit: HIT })).status);
    const full = await post(small.url, { hit: HIT.replace('0b', '1b') });
    statuses.push(full.status, (await fetch(`${small.url}/${'0'.repeat(32)}`)).status);
    const limited = await post(small.url, { hit: HIT });
    statuses.push(limited.status, (await fetch(`${small.url}/${'0'.repeat(32)}`)).status);
    expect(statuses).toEqual([413, 202, 503, 404, 429, 429]);
    expect(full.headers.get('retry-after')).toBe('3600');
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    await small.close();
    const off = await open(harness.store, { enabled: false });
    // The path is then one for the backend, which is not there.
    expect((await post(off.url, { hit: HIT })).status).toBe(502);
    await off.close();
  });

  it('tell nobody which hits are recorded', async () => {
    const [, open] = ways[0] as (typeof ways)[number];
    const { url, close } = await open(harness.store, {});
    const chat = { model: 'm', messages: [{ role: 'user', content: 'zorgblat' }] };
    const blocked = await post(url.replace('/sluice/appeals', '/v1/chat/completions'), chat);
    const hit = blocked.headers.get('x-request-id');
    expect(await blocked.text()).toContain(hit);
    const answers = await Promise.all([hit, HIT].map((id) => post(url, { hit: id })));
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    const neutral = bodies.map((body) => body.replace(/[0-9a-f]{32}/, 'ID'));
    expect(neutral[0]).toBe(neutral[1]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    await close();
  });
});

describe('from a block to an allow-phrase', () => {
  const folder = new TempFolder();
  const env = { SLUICE_EVIDENCE_KEY: EVIDENCE_KEY, SLUICE_SUBJECT_KEY: 'a key of the tests' };
  const config = folder.write(
    'c.yaml',
    `store: "sqlite:./a.db"
classifier: { enabled: false }
lists: [{ inline: "[severity 4]\\nblipstorm\\n", category: abusive }]
policies: { default: { input: { abusive: { block: 0.9 } } } }
evidence: { categories: { abusive: 30 } }
appeals: { allowList: allowed.txt }
subject: { from: api-key }
enforcement: { ladder: [{ step: restrict, at: 2, paths: [/v1/embeddings] }] }
`,
  );
  const appeals = (...args: string[]) => runSluice(['appeals', ...args, '--config', config], { cwd: folder.path, env });
  const who = ['--by', 'carol', '--reason', 'a song title'];
  let served: ServeProcess;
  afterAll(() => served.signal('SIGKILL'));

  it('goes by the notice, the reviewer and the list, with the strike taken back', async () => {
    served = await ServeProcess.start(['--config', config, '--listen', '127.0.0.1:0'], { cwd: folder.path, env });
    const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-alice' };
    const chat = (content: string) => served.chat(content, { headers });
    const texts = ['I love Blipstorm City', 'blipstorm', 'blipstorm city, blipstorm'];
    const hits: string[] = [];
    for (const text of texts) {
      const blocked = await chat(text);
      expect(blocked.status).toBe(400);
      const { error } = (await blocked.json()) as { error: { message: string } };
      hits.push(/[0-9a-f-]{36}/.exec(error.message)?.[0] ?? '');
    }
    const [hit = '', other = ''] = hits;
    const embeddings = () => post(`${served.url}/v1/embeddings`, { input: 'hello' }, headers);
    await until(async () => (await embeddings()).status === 403);
    const made = await post(
      `${served.url}/sluice/appeals`,
      { hit, message: 'It is a song. Mail a@example.com' },
      headers,
    );
    expect(made.status).toBe(202);
    const { appeal } = (await made.json()) as { appeal: string };

    expect((await appeals('list')).stdout).toMatch(
      new RegExp(`${hit} +open +abusive +input +It is a song\\. Mail \\[mail\\]`),
    );
    const shown = await appeals('show', hit);
    expect(shown.stdout).toMatch(/recorded {5}\w{10}-1: input messages\[0\]\.content: abusive 0\.995/);
    expect(shown.stdout).toMatch(/kept texts {3}1: sluice evidence reveal/);

    const dry = await appeals('decide', hit, 'overturn', ...who, '--allow', 'blipstorm  city');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout.split('\n')).toEqual([
      `appeal of ${hit}: overturned by carol (not done yet: add --apply)`,
      expect.stringMatching(/^strike taken back from \w+, with 0 steps$/),
      `allow "blipstorm city", in ${join(folder.path, 'allowed.txt')}`,
      '3 kept texts judged again, 1 would flip',
      expect.stringMatching(/^ {2}\w{10}-1 abusive: block -> allow, of this appeal$/),
      '',
    ]);
    expect((await appeals('list')).stdout).toContain('open');
    expect((await chat(texts[0] ?? '')).status).toBe(400);

    const done = await appeals('decide', hit, 'overturn', ...who, '--allow', 'blipstorm city', '--apply', '--json');
    expect(JSON.parse(done.stdout)).toMatchObject({
      applied: true,
      appeal: { status: 'overturned' },
      replay: { texts: 4 },
    });
    expect(readFileSync(join(folder.path, 'allowed.txt'), 'utf8')).toMatch(
      new RegExp(`^# Allow-phrases.*\\n# appeal of ${hit}, carol, .*Z\\n!blipstorm city\\n$`),
    );
    await served.logged('config reloaded');
    expect((await chat(texts[0] ?? '')).status).toBe(200);
    expect((await chat(texts[1] ?? '')).status).toBe(400);
    const state = await fetch(`${served.url}/sluice/appeals/${appeal}`, { headers });
    expect(await state.json()).toMatchObject({ status: 'overturned' });
    const twice = await appeals('decide', hit, 'uphold', ...who, '--apply');
    expect(twice).toMatchObject({ code: 2, stderr: /ERR_SLUICE_APPEAL: .*was overturned by carol/ });

    // The admin routes do the same.
    await post(`${served.url}/sluice/appeals`, { hit: other }, headers);
    const admin = (path: string, body?: object): Promise<Response> => {
      const init = { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } };
      const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      return fetch(`${served.url}/sluice/admin/appeals${path}`, { ...init, ...sent });
    };
    expect(await (await admin('')).json()).toMatchObject({ appeals: [{ hit: other, status: 'open' }] });
    expect((await admin('?status=zorg')).status).toBe(400);
    expect(await (await admin(`/${other}`)).json()).toMatchObject({
      hit: other,
      texts: 1,
      hits: [{ category: 'abusive' }],
    });
    expect((await admin(`/${HIT}`)).status).toBe(404);
    const order = { decision: 'overturn', by: 'dave', reason: 'r', allow: ['blipstorm'] };
    const planned = await (await admin(`/${other}`, order)).json();
    // Of the length of the match itself, it voids nothing.
    expect(planned).toMatchObject({ applied: false, replay: { flips: [], appealedPasses: false } });
    expect((await admin(`/${other}`, { ...order, zorg: 1 })).status).toBe(400);
    expect((await admin(`/${other}`, { ...order, allow: ['a|b'] })).status).toBe(400);
    expect((await admin(`/${other}`, { decision: 'uphold', by: 'dave', reason: 'r', allow: ['x'] })).status).toBe(400);
    const upheld = await admin(`/${other}`, { decision: 'uphold', by: 'dave', reason: 'r', apply: true });
    expect(await upheld.json()).toMatchObject({ applied: true, appeal: { status: 'upheld', decidedBy: 'dave' } });
    expect((await fetch(`${served.url}/sluice/admin/appeals`)).status).toBe(401);

    served.signal('SIGTERM');
    expect(await served.exited()).toBe(0);
  });
});
