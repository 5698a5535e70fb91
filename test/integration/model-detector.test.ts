import { writeOwnModel } from '../support/own-model.js';
import { ask, ProxyFixture, reply, sendJson } from '../support/proxy-fixture.js';
import { TempFolder } from '../support/temp-folder.js';

describe('a model of the user beside the classifier', () => {
  const folder = new TempFolder();
  let fixture: ProxyFixture;
  beforeEach(() => {
    fixture = new ProxyFixture();
  });
  afterEach(() => fixture.close());

  it('judges Inputs by the thresholds of the policy, under its own name', async () => {
    // Its scores are the same for every text: violence 0.12, crime 0.62.
    await writeOwnModel(folder.path);
    const upstream = await fixture.upstream((req, res) => {
      req.resume().on('end', () => sendJson(res, reply('fine')));
    });
    const proxy = await fixture.proxy(upstream, {
      detectors: [{ kind: 'tensorflow-model', name: 'mine', path: folder.path, backend: 'tfjs-cpu' }],
      policies: { default: { input: { crime: { flag: 0.6 }, violence: { flag: 0.6 } } } },
    });
    await proxy.client.chat.completions.create(ask('a fine day'));
    expect(proxy.entries).toMatchObject([
      { field: 'messages[0].content', applied: 'flag', hits: [{ source: 'model:mine', category: 'crime' }] },
    ]);
    const metrics = await proxy.metrics.registry.metrics();
    expect(metrics).toContain('sluice_detector_calls_total{detector="mine",outcome="ok"} 1');
  });

  it('keeps a config from starting when it cannot be loaded', async () => {
    const upstream = await fixture.upstream((_req, res) => void res.end());
    const detectors = [{ kind: 'tensorflow-model', path: `${folder.path}/nowhere` }];
    await expect(fixture.proxy(upstream, { detectors })).rejects.toThrow(/cannot read metadata\.json/);
  });
});
