import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What the answers of the backend say when they are asked for something to redact; the lists of the replicas know it. */
export const REDACTED_TERM = 'quux';
/** What requests say that are to be blocked. */
export const BLOCKED_TERM = 'zorgblat';

/** Starts a backend that answers as OpenAI does, whole or as a stream, with a term to redact where the request says so. */
export async function startBackend(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(async (req, res) => {
    const body = await text(req);
    const content = body.includes('please redact') ? `one ${REDACTED_TERM} here` : 'nothing to see';
    if (!body.includes('"stream":true')) {
      const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
      res.writeHead(200, { 'content-type': 'application/json' });
      return res.end(JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices }));
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (delta: object, finish: string | null): void => {
      const choices = [{ index: 0, delta, finish_reason: finish }];
      const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices };
      res.write(`data: ${JSON.stringify(chunk)}\n\n`);
    };
    for (const word of content.split(/(?<= )/)) send({ content: word }, null);
    send({}, 'stop');
    return res.end('data: [DONE]\n\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
