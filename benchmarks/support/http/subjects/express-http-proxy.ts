// Express and http-proxy, as many put them together: nothing parsed, nothing screened.
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import express from 'express';
import { loadPeer } from '../../peers.js';

interface HttpProxyModule {
  readonly default: {
    createProxyServer(options: object): { web(req: IncomingMessage, res: ServerResponse): void };
  };
}

async function main(): Promise<void> {
  const httpProxy = await loadPeer<HttpProxyModule>('http-proxy');
  if (httpProxy === undefined) throw new Error('not installed');
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  const proxy = httpProxy.default.createProxyServer({ target: process.env['BENCH_UPSTREAM'], agent });
  const app = express();
  app.use((req, res) => proxy.web(req, res));
  app.listen(0, '127.0.0.1');
}

void main();
