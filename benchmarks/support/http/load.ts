// Load of the HTTP benchmarks, in a process of its own: over kept connections, each of which sends its next request once it has the whole
// answer to the last one. Every answer is checked: status 200, the number of its request, a proper end. Jobs come as messages.
import { connect, type Socket } from 'node:net';
import { benignText, chatRequest, HIT_WORD, httpRequest } from './exchange.js';

/** What is to be sent. */
export interface LoadJob {
  readonly port: number;
  readonly requests: number;
  readonly connections: number;
  readonly stream: boolean;
  /** Every text is a new one; else all are the same, and a cache may know them. */
  readonly isNew: boolean;
  /** Every so many texts hold `HIT_WORD`; none when left out. */
  readonly hitEvery?: number;
}

/** What came of it. */
export interface LoadResult {
  readonly seconds: number;
  /** Milliseconds of every request. */
  readonly latencies: readonly number[];
  /** Milliseconds to the first event with text; empty when nothing was streamed. */
  readonly firstTokens: readonly number[];
}

const TEXT = benignText(170);
const FIRST_TOKEN = /"content":"[^"]/;
let sent = 0;

async function run({ port, requests, connections, stream, isNew, hitEvery }: LoadJob): Promise<LoadResult> {
  const latencies: number[] = [];
  const firstTokens: number[] = [];
  let left = requests;
  const start = performance.now();
  const lane = async (): Promise<void> => {
    let socket = await open(port);
    while (left > 0) {
      left -= 1;
      sent += 1;
      const number = isNew ? `${process.pid}-${sent}` : '7';
      const text = hitEvery !== undefined && sent % hitEvery === 0 ? `${TEXT} ${HIT_WORD}` : TEXT;
      const request = httpRequest(chatRequest(number, { stream, text }));
      // A server may close a connection that was idle for seconds, as every one is on a very busy machine: clients try once more.
      if (socket.destroyed) socket = await open(port);
      let timing = await exchange(socket, request, number);
      if (timing === 'closed') {
        socket = await open(port);
        timing = await exchange(socket, request, number);
      }
      if (timing === 'closed') throw new Error('the connection was closed twice');
      latencies.push(timing.ms);
      if (timing.firstMs !== undefined) firstTokens.push(timing.firstMs);
    }
    socket.destroy();
  };
  try {
    await Promise.all(Array.from({ length: connections }, lane));
  } finally {
    // When one connection fails, the others must not go on beside the next job.
    left = 0;
  }
  return { seconds: (performance.now() - start) / 1000, latencies, firstTokens };
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

/** Milliseconds of one exchange; `closed` when the connection was closed before a byte of the answer came. */
function exchange(
  socket: Socket,
  request: string,
  number: string,
): Promise<{ ms: number; firstMs?: number } | 'closed'> {
  return new Promise((resolve, reject) => {
    let received = '';
    let firstMs: number | undefined;
    const start = performance.now();
    const fail = (reason: string): void => reject(new Error(`${reason}; received: ${received.slice(0, 400)}`));
    const onClose = (): void => (received === '' ? resolve('closed') : fail('the connection was closed'));
    const onData = (data: Buffer): void => {
      received += data.toString('latin1');
      const isStream = received.includes('text/event-stream');
      if (isStream && firstMs === undefined && FIRST_TOKEN.test(received)) firstMs = performance.now() - start;
      if (!isWhole(received)) return;
      const ms = performance.now() - start;
      socket.off('data', onData).off('close', onClose);
      if (!received.startsWith('HTTP/1.1 200')) fail('the status is not 200');
      else if (!received.includes(`r${number}"`)) fail(`the answer is not that of request ${number}`);
      else if (isStream && !received.includes('data: [DONE]')) fail('the stream has no end');
      else resolve(firstMs === undefined ? { ms } : { ms, firstMs });
    };
    socket.on('data', onData).once('close', onClose);
    socket.write(request);
  });
}

function isWhole(received: string): boolean {
  const head = received.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /content-length: *(\d+)/i.exec(received.slice(0, head));
  return length === null ? received.endsWith('0\r\n\r\n') : received.length >= head + 4 + Number(length[1]);
}

process.on('message', (job: LoadJob) => {
  run(job).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
