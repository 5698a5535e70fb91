import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Pool } from 'undici';

/** The bound of the proxy benchmarks: node:http in front, undici behind, bodies and events parsed, nothing else done. */
export function createBareRelay(upstream: string, connections = 128): Server {
  const pool = new Pool(upstream, { connections });
  return createServer((req, res) => void relay(pool, req, res)).on('close', () => void pool.destroy());
}

async function relay(pool: Pool, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  const { stream } = JSON.parse(body.toString()) as { stream: boolean };
  const reply = await pool.request({
    path: req.url ?? '/',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const type = String(reply.headers['content-type']);
  if (stream) {
    res.writeHead(reply.statusCode, { 'content-type': type });
    await relayEvents(reply.body, res);
    return;
  }
  const answer = Buffer.from(await reply.body.arrayBuffer());
  JSON.parse(answer.toString());
  res.writeHead(reply.statusCode, { 'content-type': type, 'content-length': answer.length });
  res.end(answer);
}

async function relayEvents(body: AsyncIterable<Buffer>, res: ServerResponse): Promise<void> {
  let rest = '';
  for await (const part of body) {
    const events = (rest + part.toString()).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const data = event.slice('data: '.length);
      if (data !== '[DONE]') JSON.parse(data);
    }
    res.write(part);
  }
  res.end();
}
