import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { composePipeline, type Pipeline, releasePipeline } from '../../src/compose.js';
import { parseConfig } from '../../src/config/index.js';
import type { AlarmClock, HitEntry, Store } from '../../src/core/index.js';
import { createMetrics, createProxy, type Metrics, type ProxyServer, type Screen } from '../../src/http/index.js';
import { frozenClock } from './clocks.js';
import { recordingStore } from './recording-store.js';

const LISTS = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'en');
mkdirSync(LISTS);
writeFileSync(join(LISTS, 'abusive.txt'), '[severity 3]\nquux\n[severity 4]\nzorgblat\n');

const THRESHOLDS = { abusive: { flag: 0.5, redact: 0.9, block: 0.99 } };
/** A policy for the list of the fixture: `quux` is replaced by `#`, `zorgblat` blocks, in both directions. */
const POLICY = { input: THRESHOLDS, output: THRESHOLDS, mask: '#' };

/** A running proxy and what it told. */
export interface RunningProxy {
  readonly url: string;
  readonly client: OpenAI;
  readonly server: ProxyServer;
  readonly screen: Screen;
  readonly entries: HitEntry[];
  /** Everything that was logged, as one text. */
  readonly log: () => string;
  readonly metrics: Metrics;
}

/** Starts servers on free ports of loopback and ends them all. */
export class ProxyFixture {
  readonly #servers: Server[] = [];
  readonly #sockets: Socket[] = [];
  readonly #pipelines: Pipeline[] = [];

  /** Starts a backend and returns its URL. */
  upstream(handler: RequestListener): Promise<string> {
    return this.listen(createServer(handler));
  }

  /** Starts a proxy in front of `upstream`; `store` takes the place of parts of its store. */
  async proxy(
    upstream: string,
    config: object = {},
    {
      clock = frozenClock,
      store: replaced = {},
    }: { readonly clock?: AlarmClock; readonly store?: Partial<Store> } = {},
  ): Promise<RunningProxy> {
    const lines: unknown[] = [];
    const write = (fields: unknown, message: string) => lines.push([fields, message]);
    const logger = { info: write, warn: write, error: write };
    const metrics = createMetrics();
    const { store: recording, entries } = recordingStore();
    const store = { ...recording, ...replaced };
    const base = { lists: [LISTS], store: 'none', classifier: { enabled: false }, policies: { default: POLICY } };
    const parsed = parseConfig({ ...base, ...config }, 'test');
    const close = () => store.close();
    const services = { logger, clock, metrics, database: undefined, enforcer: undefined, store, close };
    const pipeline = await composePipeline(parsed, { services });
    this.#pipelines.push(pipeline);
    const { screen } = pipeline;
    const server = createProxy({ screen: () => screen, upstream, logger });
    const url = await this.listen(server.server);
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-secret', maxRetries: 0 });
    return { url, client, server, screen, entries, log: () => JSON.stringify(lines), metrics };
  }

  /** Listens on a free port of loopback. */
  async listen(server: Server): Promise<string> {
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Opens a bare connection; `read` resolves with everything that came once `done` holds, or at its end. */
  raw(url: string): { socket: Socket; read: (done?: (text: string) => boolean) => Promise<string> } {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    this.#sockets.push(socket);
    let text = '';
    let over = false;
    let wake: () => void = () => undefined;
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      over = true;
      wake();
    });
    const read = async (done: (text: string) => boolean = () => false): Promise<string> => {
      while (!over && !done(text)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return text;
    };
    return { socket, read };
  }

  /** Ends everything. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
    await Promise.all(this.#pipelines.map((pipeline) => releasePipeline(pipeline)));
  }
}

/** Reads the body of a request to its end. */
export async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A chat request with one message of the user. */
export function ask<Extra extends object>(content: string, extra: Extra = {} as Extra) {
  return { model: 'm', messages: [{ role: 'user' as const, content }], ...extra };
}

/** A chat reply with one text per choice. */
export function reply(...contents: string[]): object {
  const choices = contents.map((content, index) => ({
    index,
    message: { role: 'assistant', content, refusal: null },
    logprobs: null,
    finish_reason: 'stop',
  }));
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  return { id: 'c1', object: 'chat.completion', created: 7, model: 'm', choices, usage };
}

/** One event of a chat stream: the delta of a choice, or its end. */
export function frame(
  content: string | undefined,
  { index = 0, finish = null as string | null, extra = {} } = {},
): string {
  const delta = content === undefined ? {} : { content };
  const choices = [{ index, delta, logprobs: null, finish_reason: finish }];
  const chunk = { id: 'c1', object: 'chat.completion.chunk', created: 7, model: 'm', choices, ...extra };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/** The last event of a chat stream. */
export const DONE = 'data: [DONE]\n\n';

/** Answers with JSON. */
export function sendJson(res: ServerResponse, body: unknown, status = 200): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Starts an event stream and returns its writer. */
export function startStream(res: ServerResponse): (wire: string) => void {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.flushHeaders();
  return (wire) => void res.write(wire);
}

/** A promise and the function that resolves it. */
export function signal<T = void>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** The chunks of wire text as parsed events, and whether `[DONE]` came last. */
export function readWire(wire: string) {
  const events = wire
    .split(/\r?\n\r?\n/)
    .filter((block) => block.startsWith('data: '))
    .map((block) => block.slice('data: '.length));
  const done = events.at(-1) === '[DONE]';
  const chunks = events.filter((data) => data !== '[DONE]').map((data) => JSON.parse(data));
  const text = (index = 0): string =>
    chunks
      .map((chunk) => chunk.choices?.find((c: { index: number }) => c.index === index)?.delta.content ?? '')
      .join('');
  const finishes = chunks.flatMap((chunk) => chunk.choices ?? []).filter((choice) => choice.finish_reason !== null);
  const finish = (index = 0): string[] =>
    finishes.filter((choice) => choice.index === index).map((choice) => choice.finish_reason);
  return { events, done, chunks, text, finish };
}
