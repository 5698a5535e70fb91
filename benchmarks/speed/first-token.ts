import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Measurement } from '../support/benchmark.js';
import { builtCompose, builtConfig, builtHttp } from '../support/built.js';
import { percentile } from '../support/distribution.js';
import { tokensOf } from '../support/tokens.js';
import { benignText } from './held-suffix.js';

const ROUNDS = 1000;
const WARM_UP = 150;
const CLOCK = { now: () => 0 };
/** Published: see the README. */
const GOAL_MS = 1;

/** One exchange up to the first event with text. */
interface FirstToken {
  readonly wallMs: number;
  /** Of this process, in which client, proxy and backend run. */
  readonly cpuMs: number;
}

/**
 * What screening adds to the time until the first token, in two parts. How many answers, out of openings as assistants write them,
 * have their very first token held: those wait for the next one. And the time from the request to the first event with text, of
 * answers whose first token is not held, through the same proxy with screening on and off, in turns, over loopback and in one
 * process; on a busy machine wall time says little, so the bound is held to processor time. Fails when screening adds more than 1 ms
 * of it at p50, or holds the first token of half of the answers.
 */
export async function measureFirstToken(): Promise<Measurement[]> {
  const results: Measurement[] = [];
  const add = (metric: string, value: number, unit: string): void => {
    results.push({ case: 'first token', metric, value: Number(value.toFixed(3)), unit, ratios: {} });
  };
  const openings = benignText('openings')
    .trim()
    .split('\n')
    .map((line) => tokensOf(line));
  const free = await freeOpenings(openings);
  const atOnce = free.length / openings.length;
  add('answers whose first token leaves at once', atOnce, 'of 1');
  const samples = await sampleExchanges(free);
  for (const [name, values] of Object.entries(samples)) {
    for (const share of [0.5, 0.95]) {
      const wall = values.map(({ wallMs }) => wallMs);
      const cpu = values.map(({ cpuMs }) => cpuMs);
      add(`screening ${name}, wall time, p${share * 100}`, percentile(wall, share), 'ms');
      add(`screening ${name}, processor time, p${share * 100}`, percentile(cpu, share), 'ms');
    }
  }
  const median = (name: 'on' | 'off', key: keyof FirstToken): number =>
    percentile(
      samples[name].map((sample) => sample[key]),
      0.5,
    );
  const added = median('on', 'cpuMs') - median('off', 'cpuMs');
  add('wall time added by screening, p50', median('on', 'wallMs') - median('off', 'wallMs'), 'ms');
  add('processor time added by screening, p50', added, 'ms');
  if (added > GOAL_MS || atOnce <= 0.5)
    throw new Error(`screening adds ${added} ms; of the first tokens, ${atOnce} leave at once`);
  return results;
}

/** The openings whose first token is not held. */
async function freeOpenings(openings: readonly string[][]): Promise<string[][]> {
  const config = builtConfig().parseConfig({ store: 'none', log: { level: 'silent' } }, 'first-token');
  const { moderator, screen, close } = await builtCompose().compose(config, { record: false });
  const { policy } = screen.route('/', {});
  const free = openings.filter(([first = '']) => {
    const stream = moderator.openStream({ direction: 'output', policy, clock: CLOCK });
    return stream.push(first) === first;
  });
  await close();
  return free;
}

async function sampleExchanges(openings: readonly string[][]): Promise<Record<'on' | 'off', FirstToken[]>> {
  let turn = 0;
  const backend = createServer((req, res) => {
    req.resume();
    req.on('end', () => answer(res, openings[turn % openings.length] ?? []));
  });
  const upstream = await listen(backend);
  const on = await startProxy(upstream, {});
  const off = await startProxy(upstream, { lists: [], classifier: { enabled: false } });
  const samples: Record<'on' | 'off', FirstToken[]> = { on: [], off: [] };
  for (turn = 0; turn < WARM_UP + ROUNDS; turn += 1) {
    // Each goes first as often as the other, so that none profits from what the one before it warmed up.
    for (const name of turn % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
      const sample = await firstToken(name === 'on' ? on.url : off.url, turn);
      if (turn >= WARM_UP) samples[name].push(sample);
    }
  }
  await Promise.all([on.close(), off.close(), new Promise((done) => backend.close(done))]);
  return samples;
}

function answer(res: ServerResponse, tokens: readonly string[]): void {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.write(frame({ role: 'assistant', content: '' }));
  for (const token of tokens) res.write(frame({ content: token }));
  res.end(`${frame({}, 'stop')}data: [DONE]\n\n`);
}

function frame(delta: object, finish: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`;
}

function firstToken(url: string, turn: number): Promise<FirstToken> {
  const body = JSON.stringify({
    model: 'm',
    stream: true,
    messages: [{ role: 'user', content: `Please answer question ${turn} in a few sentences.` }],
  });
  return new Promise((resolve, reject) => {
    let first: FirstToken | undefined;
    const start = performance.now();
    const cpu = process.cpuUsage();
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const req = request(`${url}/v1/chat/completions`, { method: 'POST', headers }, (res) => {
      res.setEncoding('utf8');
      res.on('data', (text: string) => {
        if (first !== undefined || !/"content":"[^"]/.test(text)) return;
        const { user, system } = process.cpuUsage(cpu);
        first = { wallMs: performance.now() - start, cpuMs: (user + system) / 1000 };
      });
      res.on('end', () => (first === undefined ? reject(new Error('no text came')) : resolve(first)));
    });
    req.on('error', reject).end(body);
  });
}

async function startProxy(upstream: string, config: object): Promise<{ url: string; close: () => Promise<void> }> {
  const parsed = builtConfig().parseConfig({ ...config, store: 'none', log: { level: 'silent' } }, 'first-token');
  const { screen, logger, close } = await builtCompose().compose(parsed, { record: false });
  const proxy = builtHttp().createProxy({ screen: () => screen, upstream, logger });
  const url = await listen(proxy.server);
  return {
    url,
    async close() {
      await proxy.drain();
      await close();
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
