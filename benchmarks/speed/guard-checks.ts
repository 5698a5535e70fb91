import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { builtClassifier, builtCompose, builtConfig, builtHttp, builtLexicon, builtPackage } from '../support/built.js';
import { corpusText } from '../support/corpus.js';
import { countJsonCalls } from '../support/count-calls.js';
import { countResources } from '../support/count-resources.js';
import { createBareRelay } from '../support/http/bare-relay.js';
import { startRig } from '../support/http/rig.js';
import { passOver, race } from '../support/measure.js';
import { termList } from '../support/term-list.js';

const CHARS = 50_000;
const REQUESTS = 100;
const QUIET = { store: 'none', log: { level: 'silent' } } as const;

/** What each check found: a cost as a multiple of a bound of the same process, or a count. More is worse. */
export type Findings = Record<string, number>;

/** Scans beside one pass of `charCodeAt`, beside a shorter text, beside a shorter list and beside plain prose. */
export function checkScan(): Findings {
  const [small, large] = [listOf(1000), listOf(20_000)];
  const { scanText } = builtLexicon();
  const text = corpusText({ corpus: 'mixed', chars: CHARS });
  const hits = corpusText({ corpus: 'en', chars: CHARS, hitShare: 0.5, terms: termList(1000) });
  const spelled = 'z o r g '.repeat(CHARS / 8);
  const symbols = 'z.o-r!g@b$'.repeat(CHARS / 10);
  const ms = race({
    bound: () => passOver(text),
    half: () => void scanText(small, text.slice(0, CHARS / 2)),
    small: () => void scanText(small, text),
    large: () => void scanText(large, text),
    hits: () => void scanText(small, hits),
    spelled: () => void scanText(small, spelled),
    symbols: () => void scanText(small, symbols),
  });
  return {
    'scan, 1,000 terms, beside charCodeAt': ms.small / ms.bound,
    'scan, twice the text, beside half of it': ms.small / ms.half,
    'scan, 20,000 terms, beside 1,000': ms.large / ms.small,
    'scan, every second word a hit, beside none': ms.hits / ms.small,
    'scan, spelled out letters, beside prose': ms.spelled / ms.small,
    'scan, symbols with two readings, beside prose': ms.symbols / ms.small,
  };
}

function listOf(size: number): ReturnType<ReturnType<typeof builtLexicon>['buildLexicon']> {
  const { buildLexicon, parseList } = builtLexicon();
  const text = termList(size).join('\n');
  return buildLexicon([parseList({ text, file: 'guard.txt', language: 'en', category: 'abusive' })]);
}

/** One message of 200 characters, whole and character by character. */
export async function checkModerate(): Promise<Findings> {
  const text = corpusText({ corpus: 'en', chars: 200 });
  const classifier = await builtClassifier().loadClassifier({ backend: 'kernel' });
  const fresh = await builtPackage().createModerator({ ...QUIET, cache: { maxBytes: 0 } });
  const cached = await builtPackage().createModerator(QUIET);
  const config = builtConfig().parseConfig(QUIET, 'guard');
  const { moderator, screen, close } = await builtCompose().compose(config, { record: false });
  const { policy } = screen.route('/', {});
  const stream = (pieces: readonly string[]) => (): void => {
    const opened = moderator.openStream({ direction: 'output', policy, clock: { now: () => 0 } });
    for (const piece of pieces) opened.push(piece);
    opened.end();
  };
  const ms = race({
    bound: () => passOver(text),
    hash: () => void createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64'),
    classify: () => void classifier.score(text),
    off: () => void fresh.moderate(text),
    hit: () => void cached.moderate(text),
    whole: stream([text]),
    single: stream([...text]),
  });
  await close();
  return {
    'classifier beside charCodeAt': ms.classify / ms.bound,
    'moderate(), no cache, beside charCodeAt': ms.off / ms.bound,
    'moderate(), known text, beside SHA-256': ms.hit / ms.hash,
    'stream of one piece beside moderate()': ms.whole / ms.off,
    'stream of single characters beside one piece': ms.single / ms.whole,
  };
}

/** Promises, timers, immediates and ticks of one exchange through the proxy, beyond those of a bare relay, and how often it parses and writes JSON. */
export async function checkProxy(): Promise<Findings> {
  const rig = await startRig({ tokens: 100, pace: 'burst' });
  const config = builtConfig().parseConfig(QUIET, 'guard');
  const { screen, logger, close } = await builtCompose().compose(config, { record: false });
  const proxy = builtHttp().createProxy({ screen: () => screen, upstream: rig.upstream, logger });
  const relay = createBareRelay(rig.upstream);
  const ports = { proxy: await portOf(proxy.server), relay: await portOf(relay) };
  const found: Findings = {};
  try {
    for (const stream of [false, true]) {
      const job = { requests: REQUESTS, connections: 1, stream, isNew: true };
      // Connections and caches are made by the first requests.
      for (const port of Object.values(ports)) await rig.load({ ...job, port, requests: 5 });
      const ours = await countResources(() => rig.load({ ...job, port: ports.proxy }));
      const bare = await countResources(() => rig.load({ ...job, port: ports.relay }));
      const json = await countJsonCalls(() => rig.load({ ...job, port: ports.proxy }));
      const kind = stream ? 'SSE of 100 tokens' : 'JSON';
      found[`proxy, ${kind}: asynchronous resources beyond a bare relay`] = (ours - bare) / REQUESTS;
      found[`proxy, ${kind}: calls of JSON.parse`] = json.parses / REQUESTS;
      found[`proxy, ${kind}: calls of JSON.stringify`] = json.writes / REQUESTS;
    }
  } finally {
    await Promise.all([rig.stop(), proxy.drain(), close()]);
    relay.close();
    relay.closeAllConnections();
  }
  return found;
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
