import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import Database from 'better-sqlite3';
import express, { type Express, type RequestHandler } from 'express';
import { type ConfigInput, type SluiceMiddleware, sluice } from '../../src/index.js';

/** Path of the chat format. */
export const CHAT = '/v1/chat/completions';

/** A chat request that says `content`. */
export function ask(content: string, more: object = {}): object {
  return { model: 'm', messages: [{ role: 'user', content }], ...more };
}

/** A whole chat answer that says `content`. */
export function answer(content: string): object {
  const message = { role: 'assistant', content, refusal: null };
  return {
    id: 'c1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
  };
}

/** One event of a streamed chat answer. */
export function chunk(content: string, finish: string | null = null): string {
  const choices = [{ index: 0, delta: { content }, logprobs: null, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices })}\n\n`;
}

/** The text that a client reads from an event stream. */
export function streamedText(wire: string): string {
  return [...wire.matchAll(/^data: (\{.*\})$/gm)]
    .map((match) => JSON.parse(match[1]!).choices?.[0]?.delta?.content ?? '')
    .join('');
}

/** An app under test; its lists flag `blip`, redact `quux` and block `zorgblat`, in both directions. */
export interface TestApp {
  readonly url: string;
  readonly server: Server;
  readonly screening: SluiceMiddleware;
  /** Rows of the record, flushed before. */
  rows(): Promise<Record<string, unknown>[]>;
}

/** What stands around the middleware. */
export interface TestAppOptions {
  readonly config?: ConfigInput;
  readonly before?: readonly RequestHandler[];
  readonly after?: readonly RequestHandler[];
  readonly handler?: RequestHandler;
  /** Builds the whole app instead. */
  readonly build?: (app: Express, screening: SluiceMiddleware, config: ConfigInput) => void;
  /** Without it the same app runs unscreened, for comparison. */
  readonly screened?: boolean;
}

const open: { server: Server; screening: SluiceMiddleware }[] = [];
const folders: string[] = [];

/** Returns the config of the apps under test, with a record of its own. */
export function testConfig(config: Partial<ConfigInput> = {}): ConfigInput & { store: string } {
  const root = mkdtempSync(join(tmpdir(), 'sluice-'));
  folders.push(root);
  mkdirSync(join(root, 'en'));
  writeFileSync(join(root, 'en', 'abusive.txt'), '[severity 2]\nblip\n[severity 3]\nquux\n[severity 4]\nzorgblat\n');
  const thresholds = { abusive: { flag: 0.75, redact: 0.9, block: 0.99 } };
  return {
    lists: [root],
    classifier: { enabled: false },
    log: { level: 'silent' },
    policies: { default: { input: thresholds, output: thresholds, mask: '#' } },
    ...config,
    store: `sqlite:${join(root, 'record.db')}`,
  };
}

/** Starts an app on a free port of the loopback. */
export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const config = testConfig(options.config);
  const screening = sluice(config);
  await screening.ready;
  const app = express();
  // Keeps stack traces out of error pages.
  app.set('env', 'production');
  if (options.build !== undefined) options.build(app, screening, config);
  else {
    const middle = options.screened === false ? [] : [screening];
    for (const part of [...(options.before ?? []), ...middle, ...(options.after ?? [])]) app.use(part);
    if (options.handler !== undefined) app.all(CHAT, options.handler);
  }
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  open.push({ server, screening });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    screening,
    async rows() {
      await screening.close();
      const database = new Database(config.store.replace('sqlite:', ''), { readonly: true });
      try {
        return database.prepare('SELECT * FROM hits ORDER BY rowid').all() as Record<string, unknown>[];
      } finally {
        database.close();
      }
    },
  };
}

/** Stops every app that was started; for `afterEach`. */
export async function stopApps(): Promise<void> {
  for (const { server, screening } of open.splice(0)) {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    await screening.close();
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

/** A reply as it came over the wire. */
export interface Received {
  readonly status: number;
  readonly message: string;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: Buffer;
  /** Whether the connection was cut before the end. */
  readonly cut: boolean;
}

/** A request of the raw client. */
export interface SendOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Opens a request and resolves with the reply as a stream. */
export function openRequest(app: TestApp, options: SendOptions = {}): Promise<IncomingMessage> {
  const { method = 'POST', path = CHAT, headers = {}, body } = options;
  const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  const bytes = raw ? (body as Buffer | string | undefined) : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const req = request(`${app.url}${path}`, { method, headers: { ...type, ...headers }, agent: false });
    req.on('response', resolve).on('error', reject).end(bytes);
  });
}

/** Sends a request with a plain Node client and collects the reply; a cut before the head gives status 0. */
export async function send(app: TestApp, options: SendOptions = {}): Promise<Received> {
  let res: IncomingMessage;
  try {
    res = await openRequest(app, options);
  } catch {
    return { status: 0, message: '', headers: {}, trailers: {}, body: Buffer.alloc(0), cut: true };
  }
  const parts: Buffer[] = [];
  let cut = false;
  try {
    for await (const part of res) parts.push(part as Buffer);
  } catch {
    cut = true;
  }
  return {
    status: res.statusCode ?? 0,
    message: res.statusMessage ?? '',
    headers: res.headers,
    trailers: res.trailers,
    body: Buffer.concat(parts),
    cut: cut || !res.complete,
  };
}

/** A readable stream of these pieces, each read on its own. */
export function pieces(...parts: readonly string[]): Readable {
  const stream = new PassThrough();
  for (const part of parts) stream.write(part);
  return stream.end();
}
