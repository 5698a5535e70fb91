import { createServer, type Server } from 'node:http';
import { openaiChat } from '../adapters/index.js';
import { parseJsonBody } from './json-body.js';
import { readBody } from './read-body.js';

/** Returns a backend that answers chat requests with the last message, as JSON or as an event stream. */
export function createEchoBackend(limits: { readonly maxBodyBytes: number; readonly maxJsonDepth: number }): Server {
  return createServer((req, res) => {
    const answer = async (): Promise<void> => {
      const bytes = await readBody(req, { encoding: req.headers['content-encoding'], maxBytes: limits.maxBodyBytes });
      const body = parseJsonBody(bytes, limits);
      const text = openaiChat.readTexts(body, 'input').at(-1)?.text ?? '';
      const base = { id: 'chatcmpl-echo', created: 0, model: 'echo' };
      if (!openaiChat.readAsked(body).stream) {
        const message = { role: 'assistant', content: text, refusal: null };
        const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
        const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
        res.writeHead(200, { 'content-type': 'application/json' });
        res.end(JSON.stringify({ ...base, object: 'chat.completion', choices, usage }));
        return;
      }
      res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      const frame = (delta: unknown, finish: string | null): void => {
        const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
        res.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices })}\n\n`);
      };
      frame({ role: 'assistant', content: '' }, null);
      for (const word of text.match(/\s*\S+\s*/g) ?? []) frame({ content: word }, null);
      frame({}, 'stop');
      res.end('data: [DONE]\n\n');
    };
    answer().catch(() => {
      if (!res.headersSent) res.writeHead(400, { 'content-type': 'application/json' });
      res.end('{"error":{"message":"Send a chat request.","type":"invalid_request_error","param":null,"code":null}}');
    });
  });
}
