import { describeEveryDatabase } from '../support/every-database.js';
import { EVIDENCE_KEY } from '../support/evidence.js';
import { type FreshReply, type FreshRequest, freshRequest } from '../support/fresh-request.js';
import { ADMIN_TOKEN, runSluice, ServeProcess } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';
import { until } from '../support/until.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(240_000);

const WORKERS = 3;
/** The primary deals fresh connections in turns, so each worker gets some of so many. */
const ROUNDS = 3 * WORKERS;
const HEADERS = { authorization: 'Bearer sk-alice' };

describeEveryDatabase('an appeal against one of several workers, decided on the operator address', (harness) => {
  const folder = new TempFolder();
  let served: ServeProcess | undefined;
  afterEach(() => served?.signal('SIGKILL'));

  it('holds in every worker, is one to the operator, and takes its strike back', async () => {
    const env = { SLUICE_EVIDENCE_KEY: EVIDENCE_KEY, SLUICE_SUBJECT_KEY: 'a key of the tests' };
    const config = folder.write(
      'c.yaml',
      `store: ${JSON.stringify(harness.store)}
listen: 127.0.0.1:0
adminListen: 127.0.0.1:0
server: { workers: ${WORKERS} }
classifier: { enabled: false }
lists: [{ inline: "[severity 4]\\nblipstorm\\n", category: abusive }]
policies: { default: { input: { abusive: { block: 0.9 } } } }
hitLog: { durability: request }
evidence: { categories: { abusive: 30 } }
appeals: { allowList: allowed.txt, maxRequests: 1000 }
subject: { from: api-key }
enforcement: { ladder: [{ step: restrict, at: 2, paths: [/v1/embeddings] }] }
`,
    );
    const running = await ServeProcess.start(['--config', config], { cwd: folder.path, env });
    served = running;
    await running.logged('worker listens', WORKERS);
    const send = (path: string, request: FreshRequest): Promise<FreshReply> =>
      freshRequest(`${running.url}${path}`, { ...request, headers: HEADERS });
    const chat = (content: string): Promise<FreshReply> =>
      send('/v1/chat/completions', { body: { model: 'echo', messages: [{ role: 'user', content }] } });
    /** What every worker answers. */
    const everywhere = async (ask: () => Promise<FreshReply>): Promise<number[]> => {
      const statuses = new Set<number>();
      for (let round = 0; round < ROUNDS; round += 1) statuses.add((await ask()).status);
      return [...statuses];
    };
    const admin = (path: string, body?: unknown): Promise<FreshReply> =>
      freshRequest(`${running.adminUrl}/sluice/admin/appeals${path}`, {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        ...(body === undefined ? {} : { body }),
      });

    // Two strikes, which any two workers count.
    const blocked = [await chat('I love Blipstorm City'), await chat('blipstorm')];
    expect(blocked.map(({ status }) => status)).toEqual([400, 400]);
    const hit = /[0-9a-f-]{36}/.exec(blocked[0]?.text ?? '')?.[0] ?? '';
    const embeddings = (): Promise<FreshReply> => send('/v1/embeddings', { body: { input: 'hello' } });
    await until(async () => (await everywhere(embeddings)).join() === '403');

    const made = await send('/sluice/appeals', { body: { hit, message: 'It is a song.' } });
    expect(made.status).toBe(202);
    const { appeal } = JSON.parse(made.text);
    expect(await everywhere(() => send('/sluice/appeals', { body: { hit } }))).toEqual([409]);
    expect(JSON.parse((await admin('')).text)).toMatchObject({ appeals: [{ hit, status: 'open' }] });

    const order = { decision: 'overturn', by: 'carol', reason: 'a song', allow: ['blipstorm city'] };
    const planned = JSON.parse((await admin(`/${hit}`, order)).text);
    expect(planned).toMatchObject({ applied: false, replay: { texts: 2, appealedPasses: true } });
    expect(planned.replay.flips).toHaveLength(1);
    expect(await everywhere(() => send('/v1/embeddings', { body: { input: 'hello' } }))).toEqual([403]);

    const applied = await admin(`/${hit}`, { ...order, apply: true });
    expect(JSON.parse(applied.text)).toMatchObject({ applied: true, appeal: { status: 'overturned' } });
    await running.logged('config reloaded in every worker');
    expect(await everywhere(() => chat('I love Blipstorm City'))).toEqual([200]);
    await until(async () => (await everywhere(embeddings)).join() === '200');
    expect(await everywhere(() => send(`/sluice/appeals/${appeal}`, {}))).toEqual([200]);
    const state = await send(`/sluice/appeals/${appeal}`, {});
    expect(JSON.parse(state.text)).toMatchObject({ status: 'overturned' });

    // One strike is left: a second brings the step back, in every worker.
    expect((await chat('blipstorm')).status).toBe(400);
    await until(async () => (await everywhere(embeddings)).join() === '403');
    const { text: metrics } = await freshRequest(`${running.adminUrl}/metrics`);
    expect(metrics).toContain('sluice_screened_total{direction="input",action="block"} 3\n');
    expect(metrics).toContain(`sluice_workers ${WORKERS}\n`);

    running.signal('SIGTERM');
    expect(await running.exited()).toBe(0);
    const verified = await runSluice(['hits', 'verify', '--config', config], { cwd: folder.path, env });
    expect(verified.stdout).toMatch(/3 rows: the record is whole\n$/);
    expect(verified.code).toBe(0);
    const shown = await runSluice(['appeals', 'show', hit, '--config', config], { cwd: folder.path, env });
    expect(shown.stdout).toContain(`blipstorm city`);
  });
});
