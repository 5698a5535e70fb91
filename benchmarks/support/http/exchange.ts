import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Benign prose, written for the benchmarks, from its beginning; one line. */
export function benignText(chars: number): string {
  const text = readFileSync(join(__dirname, '../../speed/benign/en.txt'), 'utf8').replace(/\s+/g, ' ');
  return text.repeat(Math.ceil(chars / text.length)).slice(0, chars);
}

/** A made-up word, for a list of its own: what holds it is a hit. */
export const HIT_WORD = 'zorgblat';

/** A chat completion request of some 200 characters of text; every number makes a text of its own. */
export function chatRequest(number: number | string, { stream, text }: { stream: boolean; text: string }): string {
  return JSON.stringify({
    model: 'bench',
    stream,
    temperature: 0.7,
    messages: [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: `Question #${number}# of today. ${text}` },
    ],
  });
}

/** A whole HTTP request over a kept connection. */
export function httpRequest(body: string): string {
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n`;
  // What the gateway among the peers wants to know; nobody else looks at it.
  const gateway = `authorization: Bearer bench\r\nx-portkey-provider: openai\r\nx-portkey-custom-host: ${process.env['BENCH_UPSTREAM'] ?? ''}/v1\r\n`;
  return `${head}${gateway}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Where the first whole request of `received` ends; 0 while it is not whole. Bodies have a length, or come in chunks. */
export function requestEnd(received: string): number {
  const head = received.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const length = /content-length: *(\d+)/i.exec(received.slice(0, head));
  if (length !== null) {
    const end = head + 4 + Number(length[1]);
    return received.length >= end ? end : 0;
  }
  if (!/transfer-encoding: *chunked/i.test(received.slice(0, head))) return head + 4;
  const last = received.indexOf('0\r\n\r\n', head + 4);
  return last < 0 ? 0 : last + 5;
}

/** Whether a request asks for a stream. */
export function isStreamed(request: string): boolean {
  return request.includes('"stream":true');
}

/** The number that makes a request its own. */
export function numberOf(request: string): string {
  const start = request.indexOf('#');
  return request.slice(start + 1, request.indexOf('#', start + 1));
}
