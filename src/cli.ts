#!/usr/bin/env node
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { Command, Option } from 'commander';
import { compose } from './compose.js';
import { type Config, parseConfig } from './config/index.js';
import { CATEGORIES, DIRECTIONS, type Direction, SluiceError, type Verdict } from './core/index.js';
import { createEchoBackend, createProxy } from './http/index.js';
import { loadConfig } from './load-config.js';
import { openText } from './load-text.js';

interface ServeOptions {
  readonly config?: string;
  readonly upstream?: string;
  readonly listen?: string;
}

interface CheckOptions {
  readonly config?: string;
  readonly direction: Direction;
  readonly jsonl?: boolean;
}

function readConfig(file: string | undefined): Config {
  return file === undefined ? parseConfig({}, 'defaults') : loadConfig(file);
}

async function serve(options: ServeOptions): Promise<void> {
  const config = readConfig(options.config);
  const composed = await compose(config, { file: options.config });
  let upstream = options.upstream ?? config.upstream;
  if (upstream === undefined) {
    const echo = createEchoBackend(config.limits);
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    echo.unref();
    upstream = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;
    composed.logger.warn({}, 'no upstream: an echo backend answers');
  }
  const proxy = createProxy({ screen: () => composed.screen, upstream, logger: composed.logger });
  const address = options.listen ?? config.listen;
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, Math.max(colon, 0)).replace(/^\[|\]$/g, '') || '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    proxy.server.once('error', reject);
    proxy.server.listen(Number(address.slice(colon + 1)), host, resolve);
  });
  composed.logger.info({ address: proxy.server.address() }, 'listening');
  if (options.upstream === undefined && config.upstream === undefined) process.stderr.write(tryLines(address));
  const stop = (): void => {
    proxy
      .drain()
      .then(() => composed.close())
      .then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

async function check(files: readonly string[], options: CheckOptions): Promise<void> {
  const { screen, moderator } = await compose(readConfig(options.config), { file: options.config, record: false });
  const { policy } = screen.route('/', {});
  let blocked = false;
  for (const file of files.length === 0 ? ['-'] : files) {
    let line = 0;
    for await (const raw of createInterface({ input: await openText(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      if (raw === '') continue;
      const record = options.jsonl === true ? readRecord(raw, line) : { id: String(line), text: raw };
      const direction = record.direction ?? options.direction;
      const verdict = moderator.moderate(record.text, { direction, policy });
      blocked ||= verdict.action === 'block';
      if (!process.stdout.write(`${JSON.stringify(report(record.id, verdict))}\n`)) {
        await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
      }
    }
  }
  process.exitCode = blocked ? 1 : 0;
}

interface CheckRecord {
  readonly id: string;
  readonly text: string;
  readonly direction?: Direction;
}

function readRecord(raw: string, line: number): CheckRecord {
  let record: unknown;
  try {
    record = JSON.parse(raw);
  } catch (cause) {
    throw new TypeError(`line ${line}: not JSON`, { cause });
  }
  if (typeof record !== 'object' || record === null || !('text' in record) || typeof record.text !== 'string') {
    throw new TypeError(`line ${line}: needs a string "text"`);
  }
  const id = 'id' in record ? String(record.id) : String(line);
  if (!('direction' in record)) return { id, text: record.text };
  const direction = DIRECTIONS.find((known) => known === record.direction);
  if (direction === undefined) throw new TypeError(`line ${line}: "direction" must be ${DIRECTIONS.join(' or ')}`);
  return { id, text: record.text, direction };
}

function report(id: string, verdict: Verdict): unknown {
  return {
    id,
    action: verdict.action,
    flagged: verdict.action !== 'allow',
    categories: Object.fromEntries(CATEGORIES.map((category) => [category, verdict.scores[category]])),
    hits: verdict.hits.map(({ category, source, score, span, termId }) => ({
      category,
      source,
      score,
      start: span.start,
      end: span.end,
      ...(termId === undefined ? {} : { term: termId }),
    })),
  };
}

/** Two requests that a newcomer can paste: one allowed, one blocked. */
function tryLines(address: string): string {
  const line = (content: string): string =>
    `curl -s http://${address}/v1/chat/completions -H 'content-type: application/json' -d '${JSON.stringify({ model: 'echo', messages: [{ role: 'user', content }] })}'`;
  return ['', 'Try:', ...['Hello', 'I will kill you tonight'].map((text) => `  ${line(text)}`), '', ''].join('\n');
}

function fail(error: unknown): void {
  const known = error instanceof SluiceError || error instanceof Error;
  process.stderr.write(`sluice: ${known ? error.message : 'failed'}\n`);
  process.exit(2);
}

const program = new Command('sluice').description('Screens what goes into and comes out of an LLM backend.');
program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
program
  .command('serve')
  .description('run the proxy')
  .option('--config <file>', 'config file')
  .option('--upstream <url>', 'backend; without one an echo backend answers')
  .option('--listen <address>', 'host:port')
  .action(serve);
program
  .command('check')
  .description('judge lines of text; exit 0: nothing blocked, 1: something blocked, 2: bad use or input')
  .argument('[file...]', 'files, or - for standard input')
  .option('--config <file>', 'config file')
  .addOption(new Option('--direction <direction>', 'side to judge').choices(['input', 'output']).default('input'))
  .option('--jsonl', 'lines are {"id","text"} objects')
  .action(check);
program.parseAsync().catch(fail);
