import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import OpenAI, { BadRequestError } from 'openai';
import request from 'supertest';
import { compose } from '../../src/compose.js';
import { parseConfig } from '../../src/config/index.js';
import { createEchoBackend, createProxy, type ProxyServer } from '../../src/http/index.js';
import { sluice } from '../../src/sluice.js';

const folder = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'en');
mkdirSync(folder);
writeFileSync(join(folder, 'abusive.txt'), '[severity 4]\nzorgblat\n');
const BASE = { lists: [folder], store: 'none', classifier: { enabled: false } };
const ONLY_OUTPUT = { policies: { default: { input: { abusive: { block: 1 } } } } };

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('proxy', () => {
  const proxies: ProxyServer[] = [];
  let echo: Server;
  let upstream: string;

  async function start(config: object): Promise<OpenAI> {
    const { screen, logger } = await compose(parseConfig({ ...BASE, log: { level: 'silent' }, ...config }, 'test'));
    const proxy = createProxy({ screen: () => screen, upstream, logger });
    proxies.push(proxy);
    return new OpenAI({ baseURL: `${await listen(proxy.server)}/v1`, apiKey: 'none' });
  }
  const ask = (content: string) => ({ model: 'echo', messages: [{ role: 'user' as const, content }] });

  beforeAll(async () => {
    echo = createEchoBackend({ maxBodyBytes: 100_000, maxJsonDepth: 32 });
    upstream = await listen(echo);
  });
  afterAll(async () => {
    for (const proxy of proxies) proxy.server.closeAllConnections();
    await Promise.all(proxies.map((proxy) => proxy.drain()));
    echo.closeAllConnections();
    echo.close();
  });

  test('passes harmless text', async () => {
    const answer = await (await start({})).chat.completions.create(ask('good morning'));
    expect(answer.choices[0]?.message.content).toBe('good morning');
  });

  test('blocks input with an error that is not retried', async () => {
    const error: unknown = await (await start({})).chat.completions.create(ask('a zorgblat')).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'content_filter' });
  });

  test('blocks a streamed reply without leaking a character of the term', async () => {
    const client = await start(ONLY_OUTPUT);
    let text = '';
    let finish: string | null | undefined;
    for await (const chunk of await client.chat.completions.create({
      ...ask('well then zorgblat it is'),
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
    }
    expect(finish).toBe('content_filter');
    expect(text).not.toContain('z');
  });
});

test('middleware blocks what a handler sends', async () => {
  const app = express().use(sluice({ ...BASE, log: { level: 'silent' } }));
  app.post('/v1/chat/completions', (_req, res) => {
    res.json({ choices: [{ index: 0, message: { role: 'assistant', content: 'zorgblat' }, finish_reason: 'stop' }] });
  });
  const answer = await request(app)
    .post('/v1/chat/completions')
    .send({ messages: [{ role: 'user', content: 'hi' }] });
  expect(answer.status).toBe(200);
  expect(answer.text).not.toContain('zorgblat');
});
