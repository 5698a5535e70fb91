import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATEGORIES } from '../../../src/core/index.js';
import { peerFile } from '../peers.js';
import { HIT_WORD } from './exchange.js';
import { startNginx } from './nginx.js';
import { type NodeSubject, type Subject, startNode } from './subject.js';

/** Lists, classifier and record as by default; more is blocked than by default, so that a benchmark can see that screening is on. */
const SCREENING = {
  policies: { default: { input: Object.fromEntries(CATEGORIES.map((category) => [category, { block: 0.9 }])) } },
  log: { level: 'silent' },
};
const NO_SCREENING = { lists: [], classifier: { enabled: false }, log: { level: 'silent' } };
/** Portkey takes some twenty times as long as the others. */
const PORTKEY_SHARE = 0.1;

/** The command line as it is built. */
export const CLI = join(__dirname, '../../../dist/cli.js');
/** Bearer token of the admin routes of `startServeOn`. */
export const ADMIN_TOKEN = 'a-token-for-the-benchmarks';

const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
let configs = 0;

/** The config of a process that screens, with a record of its own. */
export function screeningConfig(): object {
  configs += 1;
  return { ...SCREENING, store: `sqlite:${join(folder, `${configs}.db`)}` };
}

/** `sluice serve` as users start it, with everything on. */
export function startSluice(upstream: string): Promise<NodeSubject> {
  return startServe('sluice', { upstream, config: screeningConfig() });
}

/** `sluice serve` with a config file that the benchmark writes, and may write anew. */
export function startServeOn(file: string, upstream: string): Promise<NodeSubject> {
  const args = ['serve', '--upstream', upstream, '--listen', '127.0.0.1:0', '--config', file];
  return startNode({ name: 'sluice', file: CLI, args, env: { SLUICE_ADMIN_TOKEN: ADMIN_TOKEN } });
}

/** `sluice serve` without lists and classifier: what the proxying alone costs. */
export function startSluiceOff(upstream: string): Promise<Subject> {
  configs += 1;
  const store = `sqlite:${join(folder, `${configs}.db`)}`;
  return startServe('sluice, screening off', { upstream, config: { ...NO_SCREENING, store } });
}

/** `sluice serve` as by default, with `HIT_WORD` flagged in what users send, over any store. */
export function startSluiceOver(
  store: string,
  { name, upstream }: { name: string; upstream: string },
): Promise<Subject> {
  configs += 1;
  const lists = ['builtin', { inline: `[severity 2]\n${HIT_WORD}\n`, category: 'abusive' }];
  const policies = { default: { input: { abusive: { flag: 0.6 } } } };
  return startServe(name, { upstream, config: { lists, policies, log: { level: 'silent' }, store } });
}

function startServe(name: string, { upstream, config }: { upstream: string; config: object }): Promise<NodeSubject> {
  const file = join(folder, `${configs}.yaml`);
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(config));
  const args = ['serve', '--upstream', upstream, '--listen', '127.0.0.1:0', '--config', file];
  return startNode({ name, file: CLI, args });
}

/** A relay of node:http and undici that parses what passes, and nothing else: the bound. */
export function startBareRelay(upstream: string, connections = 128): Promise<NodeSubject> {
  return startNode({
    name: 'bare relay',
    file: join(__dirname, 'subjects/bare-relay.ts'),
    env: { BENCH_UPSTREAM: upstream, BENCH_CONNECTIONS: String(connections) },
  });
}

/** Every other proxy that is installed. */
export async function startPeers(upstream: string): Promise<Subject[]> {
  const env = { BENCH_UPSTREAM: upstream };
  const fastify = peerFile('@fastify/http-proxy') && {
    name: '@fastify/http-proxy',
    file: join(__dirname, 'subjects/fastify-http-proxy.ts'),
    env,
  };
  const express = peerFile('http-proxy') && {
    name: 'Express + http-proxy',
    file: join(__dirname, 'subjects/express-http-proxy.ts'),
    env,
  };
  const portkeyFile = peerFile('@portkey-ai/gateway/build/start-server.js');
  const portkey = portkeyFile && {
    name: 'Portkey gateway',
    file: portkeyFile,
    args: ['--port=0', '--headless'],
    env,
    share: PORTKEY_SHARE,
  };
  const options = [fastify, express, portkey].filter((peer) => typeof peer === 'object');
  const started = await Promise.all(options.map((peer) => startNode(peer)));
  const nginx = await startNginx(upstream);
  const peers = nginx === undefined ? started : [...started, nginx];
  return peers.map((peer) => ({ ...peer, mayFail: true }));
}
