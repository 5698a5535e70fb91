import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Measurement } from '../support/benchmark.js';
import { benignText, chatRequest } from '../support/http/exchange.js';
import type { NodeSubject } from '../support/http/subject.js';
import { startBareRelay, startSluice } from '../support/http/subjects.js';
import { expectEqual } from '../support/measure.js';

const STREAMS = 1_000;
const WARM_UP_STREAMS = 100;
const EVENTS = 20;
const SETTLE_MS = 2_000;
const MEGABYTE = 1024 * 1024;

/** What a stream holds while it is open. */
export const benchmark: Benchmark = {
  about:
    'Memory of a proxy by which 1,000 streams are open, each with twenty events behind it, screening on; bound: a relay of node:http and undici that parses what passes.',
  run: measureOpenStreams,
};

async function measureOpenStreams(): Promise<Measurement[]> {
  const backend = await startBackend();
  const grown = new Map<string, number>();
  try {
    for (const start of [
      () => startBareRelay(backend.url, WARM_UP_STREAMS + STREAMS),
      () => startSluice(backend.url),
    ]) {
      const subject = await start();
      try {
        // What the first streams load and compile belongs to none of the thousand. They stay open: a relay that parses and no more does not
        // see that its client has gone.
        const first = await openStreams(subject, WARM_UP_STREAMS);
        await sleep(SETTLE_MS);
        const { rssBytes: before } = await subject.usage();
        const open = await openStreams(subject, STREAMS);
        await sleep(SETTLE_MS);
        grown.set(subject.name, ((await subject.usage()).rssBytes - before) / MEGABYTE);
        for (const stream of [...first, ...open]) stream.destroy();
      } finally {
        await subject.stop();
      }
    }
  } finally {
    backend.stop();
  }
  const [bare = Number.NaN, ours = Number.NaN] = ['bare relay', 'sluice'].map((name) => grown.get(name));
  return [
    {
      case: `${STREAMS.toLocaleString('en')} open streams`,
      metric: 'memory beside idle',
      value: ours,
      unit: 'MB',
      ratios: { 'bare relay': ours / bare },
    },
  ];
}

/** A backend that begins every stream and ends none. */
async function startBackend(): Promise<{ readonly url: string; stop(): void }> {
  const words = benignText(EVENTS * 12).match(/\s*\S+/gu) ?? [];
  const event = (content: string): string =>
    `data: ${JSON.stringify({ id: 'r', object: 'chat.completion.chunk', created: 1, model: 'bench', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;
  const begun = Array.from({ length: EVENTS }, (_, nth) => event(words[nth % words.length] ?? '')).join('');
  const server = createServer((req, res) => {
    req.resume();
    req.on('end', () => res.writeHead(200, { 'content-type': 'text/event-stream' }).write(begun));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

/** Opens streams, each of which has received text. */
async function openStreams({ port }: NodeSubject, count: number): Promise<IncomingMessage[]> {
  const open: IncomingMessage[] = [];
  const lanes = Array.from({ length: 20 }, async () => {
    while (open.length < count) {
      const place = open.length;
      open.length += 1;
      open[place] = await openStream(port, place);
    }
  });
  await Promise.all(lanes);
  expectEqual('streams that are open', open.filter((one) => !one.complete && !one.destroyed).length, count);
  return open;
}

function openStream(port: number, number: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const body = chatRequest(number, { stream: true, text: benignText(170) });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const options = { port, host: '127.0.0.1', method: 'POST', path: '/v1/chat/completions', headers, agent: false };
    const sent = request(options, (answer) => {
      let received = '';
      answer.setEncoding('utf8').on('error', () => undefined);
      answer.on('data', (text: string) => {
        received += text;
        if (/"content":"[^"]/.test(received)) resolve(answer);
      });
      answer.once('end', () => reject(new Error(`a stream has ended: ${received.slice(-300)}`)));
    });
    sent.on('error', reject).end(body);
  });
}
