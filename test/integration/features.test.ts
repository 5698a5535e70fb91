import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeEveryDatabase } from '../support/every-database.js';
import { answers, type DeploymentOptions, FEATURES_ENV, FeatureDeployments } from '../support/feature-deployment.js';
import { SENTENCES } from '../support/features.js';
import { runSluice } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(240_000);

const folder = new TempFolder();
const deployments = new FeatureDeployments(folder);
const deployment = (store: string, options?: DeploymentOptions) => deployments.make(store, options);
const ENV = FEATURES_ENV;
const [FIRST = '', SECOND = ''] = SENTENCES;
/** The same, changed here and there. */
const CHANGED = FIRST.replace('seven', 'eleven').replace('Vermiglio', 'Vermouth');

afterEach(() => deployments.stop());

describeEveryDatabase('features', (harness) => {
  it('added by the command line block on every replica, and pass again once revoked', async () => {
    const own = deployment(harness.store);
    const [one, other] = [await own.serve(), await own.serve()];
    expect((await one.chat(CHANGED)).status).toBe(200);
    const added = await own.add(FIRST, '--category', 'crime', '--reason', 'case 7');
    expect(added).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^[0-9a-f]{16} crime\n1 added\n$/),
    });
    const id = added.stdout.slice(0, 16);
    await answers(400, one, CHANGED);
    await answers(400, other, CHANGED);
    expect((await other.chat(SECOND)).status).toBe(200);

    const metrics = await (await fetch(`${one.url}/metrics`)).text();
    expect(metrics).toMatch(/^sluice_features 1$/m);
    expect(metrics).toMatch(/^sluice_hits_total\{category="crime",source="features",action="block"\} \d+$/m);

    expect(await own.features('revoke', id, 'ffffffffffffffff')).toMatchObject({
      code: 1,
      stdout: `${id} revoked\nffffffffffffffff is no feature that holds\n`,
    });
    await answers(200, other, CHANGED);
    await deployments.stop();
    const recorded = (await own.hits('export')).stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(recorded[0]).toMatchObject({ source: 'features', category: 'crime', termId: id });
    expect(recorded[0].versions.features).toMatch(/^[0-9a-f]{8}-1$/);
    const listed = await own.features('list', '--all', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject({ id, state: 'revoked', origin: 'hand', reason: 'case 7' });
  });
});

describeEveryDatabase('a change of features that nobody is told of', (harness) => {
  it('is found out by every replica', async () => {
    const own = deployment(harness.store);
    const replicas = [await own.serve(), await own.serve()];
    await own.add(FIRST, '--category', 'crime');
    for (const each of replicas) await answers(400, each, CHANGED);
    // Written past the commands, so that there is no notification.
    const next = 'UPDATE feature_changes SET last_change = last_change + 1';
    const changed = 'changed = (SELECT last_change FROM feature_changes)';
    await harness.query('CREATE TABLE kept AS SELECT * FROM features');
    await harness.query(next);
    await harness.query(`UPDATE features SET signature = NULL, revoked_ms = 1, ${changed}`);
    for (const each of replicas) await answers(200, each, CHANGED);
    await harness.query(next);
    await harness.query(`UPDATE features SET signature = (SELECT signature FROM kept), revoked_ms = NULL, ${changed}`);
    for (const each of replicas) await answers(400, each, CHANGED);
  });
});

describe('sluice features', () => {
  it('moves features between deployments of one key, holds no text, and brings back nothing that was revoked', async () => {
    const from = deployment('sqlite:./a.db');
    const to = deployment('sqlite:./b.db');
    for (const each of [from, to]) await each.create();
    await from.add(FIRST, '--category', 'crime', '--days', '9');
    await from.add(SECOND, '--category', 'violence', '--severity', '3');
    const exported = await from.features('export');
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    const [head = '', ...lines] = exported.stdout.trim().split('\n');
    expect(JSON.parse(head)).toMatchObject({ format: 'sluice-features', version: 1, signature: 1 });
    expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual(
      Array(2).fill(['id', 'category', 'severity', 'added', 'expires', 'signature']),
    );
    const file = join(to.home, 'export.jsonl');
    writeFileSync(file, exported.stdout);
    const known = 'added; the others are known already, or were revoked here\n';
    expect(await to.features('import', 'export.jsonl')).toMatchObject({ code: 0, stdout: `2 of 2 ${known}` });
    expect(await to.features('import', 'export.jsonl')).toMatchObject({ stdout: `0 of 2 ${known}` });
    const id = JSON.parse(lines[0] ?? '').id;
    await to.features('revoke', id);
    expect(await to.features('import', 'export.jsonl')).toMatchObject({ stdout: `0 of 2 ${known}` });
    expect(await to.features('import', 'export.jsonl', '--restore')).toMatchObject({ stdout: `1 of 2 ${known}` });

    writeFileSync(file, readFileSync(file, 'utf8').replace('"crime"', '"zorg"'));
    const bad = await to.features('import', 'export.jsonl');
    expect(bad.code).not.toBe(0);
    expect(bad.stderr).toMatch(/export\.jsonl:[23]: the line names no category; nothing was imported/);
  });

  it('refuses features of another key, and says what to do', async () => {
    const from = deployment('sqlite:./a.db');
    const to = deployment('sqlite:./b.db', { env: { SLUICE_FEATURES_KEY: 'quite another key for features' } });
    const none = deployment('sqlite:./c.db', { env: { SLUICE_FEATURES_KEY: '' } });
    for (const each of [from, to, none]) await each.create();
    await from.add(FIRST, '--category', 'crime');
    writeFileSync(join(to.home, 'export.jsonl'), (await from.features('export')).stdout);
    const refused = await to.features('import', 'export.jsonl');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/made with key [0-9a-f]{8}, but SLUICE_FEATURES_KEY is key [0-9a-f]{8}/);
    const keyless = await none.add(FIRST, '--category', 'crime');
    expect(keyless.stderr).toContain('set SLUICE_FEATURES_KEY to a secret');
  });

  it('confirms a hit by the text that was kept for it, and notes who read it', async () => {
    const key = 'ab'.repeat(32);
    const own = deployment('sqlite:./a.db', {
      env: { ...ENV, SLUICE_EVIDENCE_KEY: key },
      more: 'evidence: { categories: { abusive: 30 } }\n',
    });
    const served = await own.serve();
    const text = `${FIRST} blarf ${SECOND}`;
    expect((await served.chat(text)).status).toBe(400);
    served.signal('SIGTERM');
    await served.exited();
    const hit = JSON.parse((await own.hits('list', '--json')).stdout.split('\n')[0] ?? '').id;
    expect((await own.features('add', '--hit', hit)).stderr).toContain('--by');
    const added = await own.features('add', '--hit', hit, '--by', 'ann');
    expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{16} abusive\n1 added\n$/) });
    const again = await own.serve();
    expect((await again.chat(text.replace('blarf', 'blurp'))).status).toBe(400);
    const audit = await runSluice(['evidence', 'audit', '--config', 'c.yaml'], { cwd: own.home });
    expect(audit.stdout).toContain('feature made of it');
  });

  it('grows by severe texts where the config says so', async () => {
    const own = deployment('sqlite:./a.db', { more: 'features: { automatic: { days: 2 } }\n' });
    const [served, other] = [await own.serve(), await own.serve()];
    expect((await other.chat(`${FIRST} blurp`)).status).toBe(200);
    expect((await served.chat(`${FIRST} blarf`)).status).toBe(400);
    for (const each of [served, other]) {
      await answers(400, each, `${FIRST} blurp`);
    }
    const listed = JSON.parse((await own.features('list', '--json')).stdout);
    expect(listed).toMatchObject({ origin: 'automatic', category: 'abusive', severity: 4 });
    expect(listed.state).toMatch(/^until /);
  });
});
