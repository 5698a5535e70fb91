import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composePipeline, openServices } from '../../src/compose.js';
import { parseConfig } from '../../src/config/index.js';
import { createProxy } from '../../src/http/index.js';
import { EvidenceReader, listEvidenceEvents } from '../../src/store/index.js';
import { describeEveryDatabase } from '../support/every-database.js';
import { EVIDENCE_KEY, evidenceKeys, OTHER_EVIDENCE_KEY } from '../support/evidence.js';
import { ask, bodyOf, DONE, frame, ProxyFixture, reply, sendJson, startStream } from '../support/proxy-fixture.js';
import { runSluice } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';

jest.setTimeout(120_000);

const THRESHOLDS = { abusive: { flag: 0.5, redact: 0.9, block: 0.99 }, crime: { block: 0.99 } };
const CONFIG = {
  lists: [
    { inline: '[severity 3]\nquux\n[severity 4]\nzorgblat\n', category: 'abusive' },
    { inline: '[severity 4]\nblipstorm\n', category: 'crime' },
  ],
  classifier: { enabled: false },
  policies: { default: { input: THRESHOLDS, output: THRESHOLDS } },
  evidence: { categories: { abusive: 30 } },
  log: { level: 'silent' },
} as const;
const WHO = { by: 'carol', reason: 'a test', unmasked: false, nowMs: 1 };
const fixture = new ProxyFixture();

beforeAll(() => {
  process.env['SLUICE_EVIDENCE_KEY'] = EVIDENCE_KEY;
});
afterAll(() => fixture.close());

describeEveryDatabase('evidence of a proxy', (harness) => {
  it('keeps what the operator named: requests, whole answers, streams, and terms over a seam', async () => {
    const upstream = await fixture.upstream((req, res) => {
      void bodyOf(req).then((bytes) => {
        const { messages, stream } = JSON.parse(bytes.toString());
        const asked = messages[0].content;
        if (stream !== true) return sendJson(res, reply(`you said ${asked}: quux`));
        const write = startStream(res);
        for (const part of ['it is qu', 'ux, ', 'and zorg', 'blat']) write(frame(part));
        write(frame(undefined, { finish: 'stop' }));
        res.end(DONE);
      });
    });
    const config = parseConfig({ ...CONFIG, store: harness.store }, 'test');
    const services = await openServices(config);
    const { screen } = await composePipeline(config, { services });
    const { server } = createProxy({ screen: () => screen, upstream, logger: services.logger });
    const url = await fixture.listen(server);
    const chat = async (body: object): Promise<string> => {
      const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
      await answer.text();
      return answer.headers.get('x-request-id') ?? '';
    };
    const blocked = await chat(ask('a zorgblat b'));
    const whole = await chat(ask('hello'));
    const streamed = await chat(ask('hello', { stream: true }));
    const crime = await chat(ask('a blipstorm'));
    const user = (content: string) => ({ role: 'user', content });
    const seam = await chat({ model: 'm', messages: [user('say zorg'), user('blat now')] });
    await services.close();
    const database = await harness.open();
    const reader = new EvidenceReader(database, evidenceKeys(EVIDENCE_KEY));
    const kept = async (id: string) =>
      (await reader.reveal(id, WHO)).map(({ field, text, spans }) => [
        field,
        text,
        spans.map(({ start, end }) => text.slice(start, end)),
      ]);
    expect(await kept(blocked)).toEqual([['messages[0].content', 'a zorgblat b', ['zorgblat']]]);
    expect(await kept(whole)).toEqual([['choices[0].message.content', 'you said hello: quux', ['quux']]]);
    expect(await kept(streamed)).toEqual([[expect.any(String), 'it is quux, and zorgblat', ['quux', 'zorgblat']]]);
    expect(await kept(seam)).toEqual([['messages[0].content + messages[1].content', 'say zorgblat now', ['zorgblat']]]);
    await expect(kept(crime)).rejects.toMatchObject({ problem: 'not-captured' });
    expect(await listEvidenceEvents(database, { limit: 99 })).toHaveLength(5);
  });
});

describe('sluice evidence', () => {
  const folder = new TempFolder();
  const YAML = `store: "sqlite:./a.db"\nclassifier: { enabled: false }\nevidence: { categories: { abusive: 30 } }
lists: [{ inline: "[severity 4]\\nzorgblat\\n", category: abusive }]\n`;
  const config = folder.write('c.yaml', YAML);
  const evidence = (key: string, ...args: string[]) =>
    runSluice(['evidence', ...args, '--config', config], {
      cwd: folder.path,
      env: { SLUICE_EVIDENCE_KEY: key, SLUICE_SUBJECT_KEY: 'a key of the tests' },
    });

  it('shows masked texts, notes it, moves them to a new key and does not start without one', async () => {
    const parsed = parseConfig({ ...CONFIG, store: `sqlite:${join(folder.path, 'a.db')}` }, 'test');
    const services = await openServices(parsed);
    const { screen } = await composePipeline(parsed, { services });
    const { policy } = screen.route('/', {});
    const text = 'zorgblat \u001b[31m 13812345678 a@example.com';
    await screen.judgeInput([{ path: 'input[0]', text }], { requestId: 'r-1', path: '/v1/moderations', policy });
    await services.close();
    const files = readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name)));
    for (const piece of ['13812345678', 'example.com']) expect(Buffer.concat(files).includes(piece)).toBe(false);

    const who = ['--by', 'carol', '--reason', 'appeal 7'];
    const shown = await evidence(EVIDENCE_KEY, 'reveal', 'r-1', ...who);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).toContain('\n⟦zorgblat⟧ \\u{1b}[31m [phone] [mail]\n');
    const unmasked = await evidence(EVIDENCE_KEY, 'reveal', 'r-1', ...who, '--unmasked', '--json');
    expect(JSON.parse(unmasked.stdout)).toMatchObject({ text, spans: [{ start: 0, end: 8 }], masked: 0 });
    expect(await evidence(EVIDENCE_KEY, 'reveal', 'r-1')).toMatchObject({ code: 2, stderr: /--by/ });
    expect(await evidence(EVIDENCE_KEY, 'reveal', 'r-1', '--by', ' ', '--reason', 'x')).toMatchObject({ code: 2 });
    const wrong = await evidence(OTHER_EVIDENCE_KEY, 'reveal', 'r-1', ...who);
    expect(wrong).toMatchObject({ code: 2, stderr: /ERR_SLUICE_EVIDENCE: .*is not in the environment/ });
    expect(await evidence('', 'reveal', 'r-1', ...who)).toMatchObject({
      code: 2,
      stderr: /SLUICE_EVIDENCE_KEY: must hold the key of kept texts, .*openssl rand -hex 32/,
    });
    const audit = (await evidence(EVIDENCE_KEY, 'audit', '--json')).stdout.trim().split('\n');
    expect(audit.map((line) => JSON.parse(line).kind)).toEqual(['reveal', 'reveal-unmasked', 'refuse']);
    expect((await evidence(EVIDENCE_KEY, 'audit')).stdout).toMatch(/reveal-unmasked .* carol +appeal 7\n/);

    const both = `${OTHER_EVIDENCE_KEY},${EVIDENCE_KEY}`;
    expect(await evidence(OTHER_EVIDENCE_KEY, 'rotate')).toMatchObject({ code: 1, stdout: /1 left under key/ });
    expect(await evidence(both, 'rotate')).toMatchObject({ code: 0, stdout: /^1 text moved to key [0-9a-f]{16}\n$/ });
    expect(await evidence(OTHER_EVIDENCE_KEY, 'reveal', 'r-1', ...who)).toMatchObject({ code: 0 });

    const args = ['serve', '--config', config, '--listen', '127.0.0.1:0'];
    const keyless = await runSluice(args, { cwd: folder.path, env: { SLUICE_EVIDENCE_KEY: '' } });
    expect(keyless).toMatchObject({ code: 2, stderr: /ERR_SLUICE_CONFIG: environment: 1 problem/ });
  });
});

describe('the config', () => {
  it.each([
    ['no store', { store: 'none' }, /needs `store`/],
    ['hits that go before their texts', { retention: { days: 7 } }, /must be at most 7/],
    ['hits of the category that do', { retention: { days: 99, categories: { abusive: 7 } } }, /must be at most 7/],
  ])('refuses evidence with %s', (_, change, message) => {
    expect(() => parseConfig({ evidence: { categories: { abusive: 30 } }, ...change }, 'test')).toThrow(message);
  });
});
