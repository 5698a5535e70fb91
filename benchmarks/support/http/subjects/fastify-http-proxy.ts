// @fastify/http-proxy as its manual shows it: nothing parsed, nothing screened.
import { loadPeer } from '../../peers.js';

interface FastifyModule {
  readonly default: () => {
    register(plugin: unknown, options: object): void;
    listen(options: object): Promise<string>;
  };
}

async function main(): Promise<void> {
  const fastify = await loadPeer<FastifyModule>('fastify');
  const plugin = await loadPeer<{ default: unknown }>('@fastify/http-proxy');
  if (fastify === undefined || plugin === undefined) throw new Error('not installed');
  const app = fastify.default();
  app.register(plugin.default, { upstream: process.env['BENCH_UPSTREAM'] });
  await app.listen({ port: 0, host: '127.0.0.1' });
}

void main();
