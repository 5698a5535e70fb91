import type { PolicyConfig } from '../../src/config/index.js';
import { HandClock } from '../support/clocks.js';
import { openRequest, startApp, stopApps } from '../support/express-app.js';
import { ask, DONE, frame, ProxyFixture, readWire, signal, startStream } from '../support/proxy-fixture.js';

const fixture = new ProxyFixture();
afterEach(stopApps);
afterAll(() => fixture.close());

const THRESHOLDS = { abusive: { flag: 0.75, redact: 0.9, block: 0.99 } };
const policyOf = (hold: PolicyConfig['output']): PolicyConfig => ({ output: { ...THRESHOLDS, ...hold }, mask: '#' });

/** Reads a body up to the first moment at which `done` holds, or to its end. */
async function readUntil(body: AsyncIterator<Uint8Array>, done: (text: string) => boolean = () => false) {
  let text = '';
  while (!done(text)) {
    const next = await body.next();
    if (next.done === true) return text;
    text += Buffer.from(next.value).toString();
  }
  return text;
}

/** A backend that stops in the middle of a word until it is told to go on. */
async function stalledBackend() {
  const goOn = signal();
  const gone = signal();
  const url = await fixture.upstream((_, res) => {
    const write = startStream(res);
    res.on('close', gone.resolve);
    write(frame('so zorgb'));
    void goOn.promise.then(() => {
      write(frame('utter'));
      write(frame(undefined, { finish: 'stop' }));
      res.end(DONE);
    });
  });
  return { url, goOn: goOn.resolve, gone: gone.promise };
}

const post = async (url: string, body: object) => {
  const options = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const answer = await fetch(`${url}/v1/chat/completions`, options);
  return (answer.body as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
};

describe('a proxy whose policy bounds how long text waits', () => {
  it('lets the text go while the backend is silent, and says so in the record', async () => {
    const { url: upstream, goOn } = await stalledBackend();
    const clock = new HandClock();
    const policies = { default: policyOf({ maxHoldMs: 100, onHoldLimit: 'release' }) };
    const { url, entries, metrics } = await fixture.proxy(upstream, { policies }, { clock });
    const body = await post(url, ask('hi', { stream: true }));
    expect(readWire(await readUntil(body, (text) => text.includes('so '))).text()).toBe('so ');
    clock.pass(99);
    expect(clock.pending).toBe(1);
    clock.pass(1);
    expect(readWire(await readUntil(body, (text) => text.includes('zorgb'))).text()).toBe('zorgb');
    expect(clock.pending).toBe(0);
    goOn();
    const rest = readWire(await readUntil(body));
    expect([rest.text(), rest.finish(), rest.done]).toEqual(['utter', ['stop'], true]);
    expect(entries).toMatchObject([{ outcome: 'released-early', applied: 'allow', hits: [] }]);
    expect(await metrics.registry.metrics()).toContain('sluice_unjudged_total{cause="maxHoldMs",effect="released"} 1');
  });

  it('stops the stream in its own way while the backend is silent, and leaves the backend', async () => {
    const { url: upstream, gone } = await stalledBackend();
    const clock = new HandClock();
    const { url, entries } = await fixture.proxy(
      upstream,
      { policies: { default: policyOf({ maxHoldMs: 100 }) } },
      { clock },
    );
    const body = await post(url, ask('hi', { stream: true }));
    let wire = await readUntil(body, (text) => text.includes('so '));
    clock.pass(100);
    wire += await readUntil(body);
    const { text, finish, done } = readWire(wire);
    expect([text(), finish(), done]).toEqual(['so ', ['content_filter'], true]);
    await gone;
    expect(clock.pending).toBe(0);
    expect(entries).toMatchObject([{ outcome: 'hold-limit', applied: 'block', hits: [] }]);
  });

  it('sets one timer for a stream, however many pieces come', async () => {
    const all = signal();
    const upstream = await fixture.upstream((_, res) => {
      const write = startStream(res);
      for (let turn = 0; turn < 50; turn += 1) write(frame(turn % 2 === 0 ? ' zorgb' : 'utter'));
      write(frame(' now zorg'));
      void all.promise.then(() => res.end(DONE));
    });
    const clock = new HandClock();
    const { url } = await fixture.proxy(upstream, { policies: { default: policyOf({ maxHoldMs: 100 }) } }, { clock });
    const body = await post(url, ask('hi', { stream: true }));
    await readUntil(body, (text) => text.includes('now '));
    expect(clock.pending).toBe(1);
    all.resolve();
    await readUntil(body);
    expect(clock.pending).toBe(0);
  });
});

it('middleware stops a stream whose handler is silent', async () => {
  const app = await startApp({
    config: { policies: { default: policyOf({ maxHoldMs: 20 }) } },
    handler: (_, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(frame('so zorgb'));
    },
  });
  const res = await openRequest(app, { body: ask('hi', { stream: true }) });
  const { text, finish, done } = readWire(await readUntil(res[Symbol.asyncIterator]()));
  expect([text(), finish(), done]).toEqual(['so ', ['content_filter'], true]);
});
