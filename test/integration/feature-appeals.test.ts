import { describeEveryDatabase } from '../support/every-database.js';
import { EVIDENCE_KEY } from '../support/evidence.js';
import {
  answers,
  FEATURES_ENV,
  type FeatureDeployment,
  FeatureDeployments,
  orderAppeal,
} from '../support/feature-deployment.js';
import { SENTENCES } from '../support/features.js';
import type { ServeProcess } from '../support/sluice-process.js';
import { TempFolder } from '../support/temp-folder.js';

// Each test starts processes, which takes its time on a busy machine.
jest.setTimeout(240_000);

const deployments = new FeatureDeployments(new TempFolder());
const [FIRST = '', SECOND = ''] = SENTENCES;
const CHANGED = FIRST.replace('seven', 'eleven');
/** Blocked by a list too. */
const LISTED = `${FIRST} blarf`;
const EVIDENCE = { SLUICE_EVIDENCE_KEY: EVIDENCE_KEY };
const WHO = { by: 'carol', reason: 'a recipe' };

afterEach(() => deployments.stop());

/** Sends a text that is blocked, and appeals; resolves to the reference. */
async function blockedAndAppealed(served: ServeProcess, text: string): Promise<string> {
  const blocked = await served.chat(text);
  expect(blocked.status).toBe(400);
  const hit = blocked.headers.get('x-request-id') ?? '';
  const made = await fetch(`${served.url}/sluice/appeals`, { method: 'POST', body: JSON.stringify({ hit }) });
  expect(made.status).toBe(202);
  return hit;
}

/** Id of the feature that a text makes. */
async function add(own: FeatureDeployment, text: string): Promise<string> {
  const { stdout } = await own.add(text, '--category', 'crime');
  return stdout.slice(0, 16);
}

describeEveryDatabase('an appeal that revokes a feature', (harness) => {
  it('shows which kept texts would pass without it, then lets them pass on every replica', async () => {
    const own = deployments.make(harness.store, {
      env: { ...FEATURES_ENV, ...EVIDENCE },
      more: 'evidence: { categories: { crime: 30, abusive: 30 } }\n',
    });
    const [served, other] = [await own.serve(), await own.serve()];
    const id = await add(own, FIRST);
    await add(own, SECOND);
    for (const each of [served, other]) for (const text of [FIRST, SECOND]) await answers(400, each, text);
    const hit = await blockedAndAppealed(served, CHANGED);
    const later = await blockedAndAppealed(other, SECOND);
    expect((await other.chat(LISTED)).status).toBe(400);
    await other.chat(SECOND);

    const dry = async () =>
      JSON.parse(
        (
          await own.run(
            ...['appeals', 'decide', hit, 'overturn', '--by', WHO.by],
            ...['--reason', WHO.reason, '--revoke', id, '--json'],
          )
        ).stdout,
      );
    // The record is written in batches.
    let planned = await dry();
    while (planned.replay.texts < 8) planned = await dry();
    const flips: { requestId: string; before: string; after: string }[] = planned.replay.flips;
    expect(planned).toMatchObject({ applied: false, unknown: null, features: [{ id }] });
    expect(planned.replay.appealedPasses).toBe(true);
    expect(flips.filter(({ requestId }) => requestId === hit)).toEqual([
      expect.objectContaining({ category: 'crime', before: 'block', after: 'allow' }),
    ]);
    // What waited for the feature to be known was blocked by it too; the listed one and the other feature's stay.
    expect(flips.map(({ after }) => after)).toEqual(flips.map(() => 'allow'));
    expect(flips.map(({ requestId }) => requestId)).not.toContain(later);
    expect(planned.replay.texts - flips.length).toBeGreaterThanOrEqual(4);
    const byAdmin = await orderAppeal(served, hit, { decision: 'overturn', ...WHO, revoke: [id] });
    expect(byAdmin).toMatchObject({ applied: false, replay: planned.replay, features: planned.features });
    expect((await served.chat(CHANGED)).status).toBe(400);

    const done = await orderAppeal(served, hit, { decision: 'overturn', ...WHO, revoke: [id], apply: true });
    expect(done).toMatchObject({ applied: true, appeal: { status: 'overturned', effects: { revoked: [id] } } });
    for (const each of [served, other]) await answers(200, each, CHANGED);
    expect((await other.chat(LISTED)).status).toBe(400);
    expect((await other.chat(SECOND)).status).toBe(400);
    expect(await orderAppeal(served, later, { decision: 'overturn', ...WHO, revoke: [id] })).toMatchObject({
      error: `There is no feature ${id}: it is revoked`,
    });
  });
});

describe('an appeal that revokes a feature', () => {
  it('says why it cannot show what else would pass', async () => {
    const kept = 'evidence: { categories: { crime: 30 } }\n';
    const own = deployments.make('sqlite:./a.db', { env: { ...FEATURES_ENV, ...EVIDENCE }, more: kept });
    const served = await own.serve();
    const id = await add(own, FIRST);
    await answers(400, served, FIRST);
    const hit = await blockedAndAppealed(served, CHANGED);
    const order = ['appeals', 'decide', hit, 'overturn', '--by', 'carol', '--reason', 'r', '--revoke', id];
    const keyless = deployments.make(`sqlite:${own.home}/a.db`, { env: EVIDENCE, more: kept });
    expect((await keyless.run(...order)).stderr).toContain('Set SLUICE_FEATURES_KEY here');
    const textless = deployments.make(`sqlite:${own.home}/a.db`);
    const planned = await textless.run(...order);
    expect(planned.stdout).toContain(`revoke feature ${id}, which`);
    expect(planned.stdout).toContain('what else would flip is not known: no texts are kept');
    expect((await own.run(...order)).stdout).toMatch(/kept texts? judged again, \d+ would flip\n/);
  });
});
