// Backend of the HTTP benchmarks, in a process of its own: the least that a backend can cost. It reads requests from raw sockets and answers
// from parts made beforehand; the number of the request, `#123#` in its body, comes back in the answer, so that each can be told to be
// the right one. argv: number of tokens of a streamed answer, `burst` (all at once), `paced` (one event each turn
// of the event loop) or `pieces` (512 bytes each turn, wherever that cuts).
import { createServer, type Socket } from 'node:net';
import { benignText, isStreamed, numberOf, requestEnd } from './exchange.js';

const tokens = Number(process.argv[2] ?? '200');
const pace = process.argv[3];
const PIECE = /.{1,512}/gs;
const HEAD_OF_JSON = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ';
const HEAD_OF_STREAM = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const CHOICE_END =
  '","object":"chat.completion.chunk","created":1700000000,"model":"bench","choices":[{"index":0,"delta":';

const answer = benignText(400);
const words = benignText(tokens * 12).match(/\s*\S+/gu) ?? [];

function json(id: string): string {
  const body = JSON.stringify({
    id: `r${id}`,
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'bench',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: `Answer ${id}. ${answer}`, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 60, completion_tokens: 90, total_tokens: 150 },
  });
  return `${HEAD_OF_JSON}${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function frame(id: string, delta: string, finish: string): string {
  return chunk(`data: {"id":"r${id}${CHOICE_END}${delta},"finish_reason":${finish}}]}\n\n`);
}

function events(id: string): string[] {
  const frames = [frame(id, '{"role":"assistant","content":""}', 'null')];
  for (let nth = 0; nth < tokens; nth += 1) {
    const word = nth === 1 ? ` ${id}` : (words[nth % words.length] ?? '');
    frames.push(frame(id, JSON.stringify({ content: word }), 'null'));
  }
  return [...frames, frame(id, '{}', '"stop"'), `${chunk('data: [DONE]\n\n')}0\r\n\r\n`];
}

function stream(socket: Socket, id: string): void {
  const frames = events(id);
  if (pace === 'burst') {
    socket.write(HEAD_OF_STREAM + frames.join(''));
    return;
  }
  socket.write(HEAD_OF_STREAM);
  const parts = pace === 'paced' ? frames : (frames.join('').match(PIECE) ?? []);
  let next = 0;
  const send = (): void => {
    const text = parts[next];
    next += 1;
    if (text === undefined || socket.destroyed) return;
    socket.write(text);
    setImmediate(send);
  };
  setImmediate(send);
}

const server = createServer((socket) => {
  let received = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => {
    received += data.toString('latin1');
    for (let end = requestEnd(received); end > 0; end = requestEnd(received)) {
      const request = received.slice(0, end);
      received = received.slice(end);
      if (isStreamed(request)) stream(socket, numberOf(request));
      else socket.write(json(numberOf(request)));
    }
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }));
process.on('disconnect', () => process.exit(0));
