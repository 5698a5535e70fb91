import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { isTaken } from '../../scripts/loopback-ports.js';
import { describeNginx, NginxProcess } from '../support/nginx-process.js';
import { describePostgres, PostgresSchema } from '../support/postgres.js';
import { REDIS_URL } from '../support/redis.js';
import { chatFrame, SlowBackend } from '../support/slow-backend.js';
import { ServeProcess } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(60_000);

const DEPLOY = join(__dirname, '../../deploy');
const SUBJECT_KEY = 'the subject key of these tests';
const HEADERS = { 'content-type': 'application/json', authorization: 'Bearer sk-one' };

const ask = (content: string, stream = false): RequestInit => ({
  method: 'POST',
  headers: HEADERS,
  body: JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content }] }),
});

describePostgres('what deploy/ ships', () => {
  const folder = new TempFolder();
  const schema = new PostgresSchema();
  const replicas: ServeProcess[] = [];
  let backend: SlowBackend;

  /** A replica on the shipped config, but for addresses and names that are this test's own. */
  async function startReplica(upstream: string): Promise<ServeProcess> {
    const name = `replica-${replicas.length + 1}`;
    const shipped = parse(readFileSync(join(DEPLOY, 'sluice.yaml'), 'utf8'));
    const config = {
      ...shipped,
      listen: '127.0.0.1:0',
      adminListen: '127.0.0.1:0',
      upstream,
      store: schema.url,
      hitLog: { ...shipped.hitLog, durability: 'request', spool: { folder: join(folder.path, name, 'spool') } },
      redis: { ...shipped.redis, url: REDIS_URL, prefix: `${schema.name}:` },
      lists: [...(shipped.lists ?? ['builtin']), { inline: '[severity 4]\nzorgblat\n', category: 'abusive' }],
    };
    const file = folder.write(`${name}/sluice.yaml`, JSON.stringify(config));
    const env = { SLUICE_SUBJECT_KEY: SUBJECT_KEY };
    const served = await ServeProcess.start(['--config', file], { cwd: folder.path, env });
    replicas.push(served);
    return served;
  }

  beforeAll(async () => {
    backend = await SlowBackend.start();
  });
  afterAll(async () => {
    for (const { child } of replicas) child.kill('SIGKILL');
    backend.stop();
    await schema.drop();
  });

  it('has probes that a replica answers, and tells that it drains', async () => {
    const served = await startReplica(backend.url);
    const [set] = parseAllDocuments(readFileSync(join(DEPLOY, 'kubernetes/sluice.yaml'), 'utf8')).map((each) =>
      each.toJS(),
    );
    const [container] = set.spec.template.spec.containers;
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const { path, port } = container[probe].httpGet;
      expect(port).toBe('admin');
      expect((await fetch(served.adminUrl + path)).status).toBe(200);
    }
    const { services } = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true });
    const checked = /http:\/\/127\.0\.0\.1:9090(\/\w+)/.exec(services['sluice-1'].healthcheck.test.join(' '))?.[1];
    expect((await fetch(served.adminUrl + checked)).status).toBe(200);

    // The open answer finishes while the balancer is told to look elsewhere.
    const asked = fetch(`${served.url}/v1/chat/completions`, ask('hi', true));
    const answer = await backend.next();
    answer.writeHead(200, { 'content-type': 'text/event-stream' }).write(chatFrame('one '));
    const reply = await asked;
    served.signal('SIGTERM');
    await served.logged('draining');
    expect((await fetch(served.adminUrl + container.readinessProbe.httpGet.path)).status).toBe(503);
    expect((await fetch(served.adminUrl + container.livenessProbe.httpGet.path)).status).toBe(200);
    answer.end(`${chatFrame('two', 'stop')}data: [DONE]\n\n`);
    expect(await reply.text()).toContain('[DONE]');
    expect(await served.exited()).toBe(0);
  });

  describeNginx()('behind nginx', () => {
    const nginxFolder = new TempFolder();
    const pair: ServeProcess[] = [];
    let nginx: NginxProcess;

    beforeAll(async () => {
      pair.push(await startReplica(backend.url), await startReplica(backend.url));
      nginx = await NginxProcess.start(
        pair.map(({ url }) => new URL(url).host),
        nginxFolder,
      );
    });
    afterAll(() => nginx?.stop());

    const chat = (content: string, stream = false): Promise<Response> =>
      fetch(`${nginx.url}/v1/chat/completions`, ask(content, stream));
    const passes = async (): Promise<void> => {
      const asked = chat('hi');
      const answered = backend.next().then((answer) => {
        answer.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[]}');
      });
      // An answer that does not come from the backend is seen at once.
      await Promise.race([answered, asked]);
      expect((await asked).status).toBe(200);
    };
    /** Sum of a series over both replicas. */
    const metric = async (series: string): Promise<number> => {
      let sum = 0;
      for (const { adminUrl } of pair) {
        const lines = (await (await fetch(`${adminUrl}/metrics`)).text()).split('\n');
        sum += Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1) ?? 0);
      }
      return sum;
    };

    it('lets each token through before the next is there', async () => {
      const asked = chat('hi', true);
      const answer = await backend.next();
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      answer.flushHeaders();
      const reply = await asked;
      const reader = (reply.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
      let seen = '';
      for (const word of ['alpha', 'beta', 'gamma', 'delta', 'epsilon']) {
        answer.write(chatFrame(`${word} `));
        // Were anything collected on the way, this would wait for a token that is sent only afterwards.
        while (!seen.includes(word)) seen += (await reader.read()).value ?? '';
      }
      answer.end(`${chatFrame('', 'stop')}data: [DONE]\n\n`);
      for (let part = await reader.read(); !part.done; part = await reader.read()) seen += part.value;
      expect(seen).toContain('[DONE]');
    });

    it.each([400, 403, 429, 500, 503])('sends a request that the backend answers with %i once', async (status) => {
      const before = backend.requests;
      const asked = chat('hi');
      (await backend.next())
        .writeHead(status, { 'content-type': 'application/json' })
        .end('{"error":{"message":"no"}}');
      const reply = await asked;
      await reply.text();
      expect(reply.status).toBe(status);
      expect(backend.requests).toBe(before + 1);
    });

    it('has a blocked request screened once', async () => {
      const blocked = 'sluice_screened_total{direction="input",action="block"}';
      const before = await metric(blocked);
      const replies = await Promise.all(Array.from({ length: 6 }, () => chat('a zorgblat')));
      expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 400));
      expect((await metric(blocked)) - before).toBe(6);
      expect(await schema.query('SELECT count(*)::int AS hits FROM hits')).toEqual([{ hits: 6 }]);
    });

    it('passes over a replica that is drained, whose open answer finishes', async () => {
      const asked = chat('hi', true);
      const answer = await backend.next();
      answer.writeHead(200, { 'content-type': 'text/event-stream' }).write(chatFrame('one '));
      const reply = await asked;
      // Whichever of the two has the open answer.
      const first = pair.shift();
      first?.signal('SIGTERM');
      await first?.logged('draining');
      await until(async () => !(await isTaken(Number(new URL(first?.url ?? '').port))));
      for (let count = 0; count < 8; count += 1) await passes();
      answer.end(`${chatFrame('two', 'stop')}data: [DONE]\n\n`);
      expect(await reply.text()).toContain('[DONE]');
      expect(await first?.exited()).toBe(0);
      await passes();
    });
  });
});
