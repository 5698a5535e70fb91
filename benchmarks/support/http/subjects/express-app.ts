// An Express app that answers chats itself; argv[2] says whether sluice is mounted in it: `with` or `without`.
import express, { type Request, type Response } from 'express';
import { builtPackage } from '../../built.js';
import { benignText, numberOf } from '../exchange.js';

const ANSWER = benignText(400);
const WORDS = benignText(2400).match(/\s*\S+/gu) ?? [];
const EVENTS = 200;

function answer(req: Request, res: Response): void {
  const { messages, stream } = req.body as { messages: { content: string }[]; stream: boolean };
  const id = numberOf(messages.at(-1)?.content ?? '');
  if (stream) {
    res.setHeader('content-type', 'text/event-stream');
    for (let nth = 0; nth < EVENTS; nth += 1) {
      const delta = { content: nth === 1 ? ` ${id}` : WORDS[nth % WORDS.length] };
      res.write(`data: ${JSON.stringify(event(id, 'chat.completion.chunk', { delta, finish_reason: null }))}\n\n`);
    }
    res.end('data: [DONE]\n\n');
    return;
  }
  const message = { role: 'assistant', content: `Answer ${id}. ${ANSWER}` };
  res.json(event(id, 'chat.completion', { message, finish_reason: 'stop' }));
}

function event(id: string, object: string, choice: object): object {
  return { id: `r${id}`, object, created: 1_700_000_000, model: 'bench', choices: [{ index: 0, ...choice }] };
}

async function main(): Promise<void> {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());
  if (process.argv[2] === 'with') {
    const config = JSON.parse(process.env['BENCH_CONFIG'] ?? '{}') as Parameters<
      ReturnType<typeof builtPackage>['sluice']
    >[0];
    const screening = builtPackage().sluice(config);
    await screening.ready;
    app.use('/v1', screening);
  }
  app.post('/v1/chat/completions', answer);
  app.listen(0, '127.0.0.1');
}

void main();
