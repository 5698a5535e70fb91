import type { ServerResponse } from 'node:http';
import type { Adapter } from '../adapters/index.js';
import { parseJsonBody } from './read-body.js';
import type { Exchange, Screen, ScreenedStream } from './screen.js';

/** Screens what a handler writes to `res`, however it writes it. Nothing leaves before it was judged. */
export function captureResponse(res: ServerResponse, screen: Screen, adapter: Adapter, exchange: Exchange): void {
  const send = { write: res.write.bind(res), end: res.end.bind(res), head: res.writeHead.bind(res) };
  const held: Buffer[] = [];
  let stream: ScreenedStream | undefined;
  let ended = false;

  const take = (chunk: unknown, encoding: unknown): Buffer => {
    if (typeof chunk === 'string')
      return Buffer.from(chunk, typeof encoding === 'string' ? toEncoding(encoding) : 'utf8');
    return chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.alloc(0);
  };
  const cut = (): void => {
    ended = true;
    if (res.headersSent) {
      res.destroy();
      return;
    }
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    res.statusCode = 500;
    const info = { status: 500, type: 'api_error', code: 'unscreened_reply', message: 'The reply cannot be screened.' };
    res.setHeader('content-type', 'application/json');
    send.end(JSON.stringify(adapter.errorBody(info)));
  };
  const isStream = (): boolean => /event-stream/i.test(String(res.getHeader('content-type') ?? ''));
  const writeStream = (bytes: Buffer): void => {
    if (stream === undefined) {
      stream = screen.openStream(adapter, exchange);
      for (const name of ['content-length', 'etag']) res.removeHeader(name);
    }
    const wire = stream.push(bytes);
    if (wire !== '') send.write(wire);
    if (stream.blocked) {
      ended = true;
      send.end();
    }
  };
  const finish = (): void => {
    ended = true;
    const bytes = Buffer.concat(held);
    if (stream !== undefined) {
      send.end(stream.end());
      return;
    }
    if (bytes.length === 0 || res.statusCode >= 400 || res.statusCode === 204 || res.statusCode === 304) {
      send.end(bytes);
      return;
    }
    if (res.getHeader('content-encoding') !== undefined) throw new TypeError('The reply is already encoded.');
    const body = parseJsonBody(bytes, screen.deps.config.limits.maxJsonDepth);
    const screened = screen.screenBody(adapter, body, 'output', exchange);
    const out = screened.blocked === undefined ? screened.body : adapter.blockedOutput(body, screened.blocked);
    const answer = screened.blocked !== undefined || screened.changed ? Buffer.from(JSON.stringify(out)) : bytes;
    if (answer !== bytes) res.removeHeader('etag');
    res.setHeader('content-length', answer.length);
    send.end(answer);
  };
  const guarded = (step: () => void): void => {
    try {
      if (!ended) step();
    } catch {
      cut();
    }
  };

  res.writeHead = (status: number, ...rest: unknown[]) => {
    res.statusCode = status;
    const headers = rest.find((value) => typeof value === 'object' && value !== null);
    for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value as string | string[]);
    return res;
  };
  res.flushHeaders = () => undefined;
  res.write = (chunk: unknown, ...rest: unknown[]) => {
    const bytes = take(chunk, rest[0]);
    guarded(() => (isStream() ? writeStream(bytes) : held.push(bytes)));
    const done = rest.find((value) => typeof value === 'function');
    if (typeof done === 'function') process.nextTick(() => done());
    return true;
  };
  res.end = (...rest: unknown[]) => {
    const bytes = take(rest[0], rest[1]);
    guarded(() => {
      // The real `end` goes through `writeHead`, so it must be the real one again.
      if (isStream() && bytes.length > 0) writeStream(bytes);
      else held.push(bytes);
    });
    res.writeHead = send.head;
    guarded(finish);
    return res;
  };
}

function toEncoding(name: string): BufferEncoding {
  return Buffer.isEncoding(name) ? name : 'utf8';
}
