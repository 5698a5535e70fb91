import { type OutgoingHttpHeader, type ServerResponse, STATUS_CODES } from 'node:http';
import { type Answer, encodeAnswer } from './answers.js';

/** Called like the callbacks of Node's `write` and `end`. */
export type WriteCallback = (error?: Error | null) => void;

/** The head of a reply as the host committed it; its headers are those of `res` at that moment. */
export interface ReplyHead {
  readonly status: number;
  readonly message: string | undefined;
  /** Whether the host gave head and body with one call of `end`, so that Node adds a length by itself. */
  readonly whole: boolean;
}

/** What becomes of the body of one reply. */
export interface ReplyFilter {
  /** Takes bytes of the host; `false` asks it to wait for 'drain', which then has to come. */
  write(bytes: Buffer, done: WriteCallback | undefined): boolean;
  /** Takes the last bytes; what may leave has to be sent now or later. */
  end(bytes: Buffer): void;
  /** What was refused before may be written now. */
  drained?(): void;
  /** The client is gone, or the host has cut the connection. */
  abandon(): void;
}

/** The side of the client, as a filter uses it. */
export interface Downstream {
  /** Whether a write was refused and 'drain' is still to come. */
  readonly needsDrain: boolean;
  setHeader(name: string, value: string): void;
  removeHeader(name: string): void;
  /** Corrects the length that the host announced, if it did. */
  setLength(bytes: number): void;
  /** Sends the head at once, for a reply whose body follows piece by piece. */
  flushHead(): void;
  write(data: Buffer | string, done?: WriteCallback): boolean;
  /** Ends the reply; from here on whatever the host writes goes nowhere. */
  end(data: Buffer | string): void;
  /** Sends another answer in place of the reply, or cuts the connection when the head is out already. */
  replace(answer: Answer): void;
}

/** Chooses what becomes of a reply once its head is known; `undefined` lets it pass untouched. */
export type ChooseFilter = (head: ReplyHead, downstream: Downstream) => ReplyFilter | undefined;

/** Headers that describe the body which the host wrote, and no other. */
const BODY_HEADERS = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-range',
  'content-disposition',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
  'etag',
  'last-modified',
  'accept-ranges',
  'transfer-encoding',
  'trailer',
];

/**
 * Puts a filter between what a host writes to `res` and the client.
 *
 * The host sees a response that behaves like Node's: what it has written counts as sent (`headersSent`, errors of
 * `setHeader`), although it may still be held. Middleware around us works on both sides: what was mounted before us wraps
 * the methods that we call, what is mounted after us wraps those that we define.
 */
export function interceptResponse(res: ServerResponse, choose: ChooseFilter): void {
  const interceptor = new ResponseInterceptor(res, choose);
  interceptor.install();
}

class ResponseInterceptor implements Downstream {
  readonly #res: ServerResponse;
  readonly #choose: ChooseFilter;
  readonly #before: Pick<ServerResponse, 'writeHead' | 'write' | 'end' | 'flushHeaders'>;
  /** `res.flush` of a `compression` that was mounted before us. */
  readonly #flush: (() => void) | undefined;
  #head: ReplyHead | undefined;
  #filter: ReplyFilter | undefined;
  /** Why the host commits its head without calling `writeHead`. */
  #implicit: 'write' | 'end' | undefined;
  /** Above 0 while a call of ours runs below; then our own methods step aside. */
  #calls = 0;
  #passing = false;
  #headOut = false;
  #hostEnded = false;
  #ended = false;
  needsDrain = false;

  constructor(res: ServerResponse, choose: ChooseFilter) {
    this.#res = res;
    this.#choose = choose;
    this.#before = { writeHead: res.writeHead, write: res.write, end: res.end, flushHeaders: res.flushHeaders };
    const flush: unknown = Reflect.get(res, 'flush');
    this.#flush = typeof flush === 'function' ? () => Reflect.apply(flush, res, []) : undefined;
  }

  install(): void {
    const res = this.#res;
    const writeHead = (...args: unknown[]): ServerResponse => this.#hostWriteHead(args);
    const methods = {
      writeHead,
      writeHeader: writeHead,
      flushHeaders: () => this.#hostFlushHeaders(),
      write: (...args: unknown[]) => this.#hostWrite(args),
      end: (...args: unknown[]) => this.#hostEnd(args),
      setHeader: this.#whileOpen('set', res.setHeader),
      setHeaders: this.#whileOpen('set', res.setHeaders),
      appendHeader: this.#whileOpen('append', res.appendHeader),
      removeHeader: this.#whileOpen('remove', res.removeHeader),
    };
    Object.assign(res, methods);
    const own = (name: 'headersSent' | 'writableEnded'): unknown => Reflect.get(Object.getPrototypeOf(res), name, res);
    const define = (name: 'headersSent' | 'writableEnded', get: () => unknown): void => {
      Object.defineProperty(res, name, { get, configurable: true, enumerable: true });
    };
    define('headersSent', () => (this.#calls === 0 && this.#head !== undefined) || own('headersSent'));
    define('writableEnded', () => (this.#calls === 0 && this.#hostEnded) || own('writableEnded'));
    res.on('drain', () => {
      this.needsDrain = false;
      this.#filter?.drained?.();
    });
    res.on('close', () => {
      if (!this.#ended) this.#filter?.abandon();
    });
  }

  setHeader(name: string, value: string): void {
    this.#below(() => this.#res.setHeader(name, value));
  }

  removeHeader(name: string): void {
    this.#below(() => this.#res.removeHeader(name));
  }

  setLength(bytes: number): void {
    if (this.#res.hasHeader('content-length')) this.setHeader('content-length', String(bytes));
  }

  flushHead(): void {
    this.#sendHead();
    this.#below(() => this.#before.flushHeaders.call(this.#res));
  }

  write(data: Buffer | string, done?: WriteCallback): boolean {
    if (this.#res.destroyed) return false;
    this.#sendHead();
    const args = done === undefined ? [data] : [data, done];
    const more = this.#below(() => Reflect.apply(this.#before.write, this.#res, args));
    if (more === false) this.needsDrain = true;
    this.#flush?.();
    return more !== false;
  }

  end(data: Buffer | string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#res.destroyed) return;
    this.#sendHead();
    this.#below(() => Reflect.apply(this.#before.end, this.#res, data.length > 0 ? [data] : []));
  }

  replace(answer: Answer): void {
    if (this.#ended || this.#res.destroyed) return;
    if (this.#headOut) {
      this.#res.destroy();
      return;
    }
    const { status } = answer;
    const { headers, bytes } = encodeAnswer(answer);
    this.#head = { status, message: STATUS_CODES[status], whole: true };
    for (const name of BODY_HEADERS) this.removeHeader(name);
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value);
    this.end(bytes);
  }

  #sendHead(): void {
    if (this.#headOut || this.#head === undefined) return;
    this.#headOut = true;
    const { status, message, whole } = this.#head;
    this.#res.statusCode = status;
    if (message !== undefined) this.#res.statusMessage = message;
    // A head that came with `end` is left to `end`, which adds the length of the body.
    if (!whole) this.#below(() => this.#before.writeHead.call(this.#res, status));
  }

  /** Runs a call that goes towards the client, past our own methods. */
  #below<T>(call: () => T): T {
    this.#calls += 1;
    try {
      return call();
    } finally {
      this.#calls -= 1;
    }
  }

  #whileOpen(verb: string, method: (...args: never[]) => unknown): (...args: unknown[]) => unknown {
    return (...args) => {
      if (this.#calls === 0 && this.#head !== undefined && !this.#passing) throw headersSentError(verb);
      return Reflect.apply(method, this.#res, args);
    };
  }

  #hostWriteHead(args: unknown[]): ServerResponse {
    const res = this.#res;
    if (this.#passing || this.#calls > 0) return Reflect.apply(this.#before.writeHead, res, args);
    if (this.#head !== undefined) throw headersSentError('write');
    const [code, reason, given] = args;
    const status = Number(code) | 0;
    if (status < 100 || status > 999) throw rangeError(code);
    res.statusCode = status;
    if (typeof reason === 'string') res.statusMessage = reason;
    setHeaders(res, typeof reason === 'string' ? given : (given ?? reason));
    const implicit = this.#implicit;
    this.#head = { status, message: res.statusMessage, whole: implicit === 'end' };
    this.#filter = this.#choose(this.#head, this);
    if (this.#filter !== undefined || this.#ended) return res;
    this.#passing = true;
    return implicit === undefined ? Reflect.apply(this.#before.writeHead, res, [status]) : res;
  }

  /** Node builds a missing head by calling `writeHead` on the response; so do we, for those who wrapped it after us. */
  #commit(implicit: 'write' | 'end'): void {
    if (this.#head !== undefined) return;
    this.#implicit = implicit;
    this.#res.writeHead(this.#res.statusCode);
  }

  #hostFlushHeaders(): void {
    if (this.#calls === 0) this.#commit('write');
    if (this.#passing || this.#calls > 0) this.#before.flushHeaders.call(this.#res);
  }

  #hostWrite(args: unknown[]): boolean {
    if (this.#passing) return Reflect.apply(this.#before.write, this.#res, args);
    const { chunk, encoding, done } = readArguments(args);
    const bytes = toBytes(chunk, encoding);
    if (this.#hostEnded) {
      const error = streamError('ERR_STREAM_WRITE_AFTER_END', 'write after end');
      process.nextTick(() => {
        done?.(error);
        if (!this.#res.destroyed) this.#res.emit('error', error);
      });
      return false;
    }
    if (this.#ended) {
      // The reply was ended by us. `false` would promise a 'drain' that does not come.
      reportGone(done);
      return true;
    }
    this.#commit('write');
    if (this.#passing) return Reflect.apply(this.#before.write, this.#res, args);
    if (this.#res.destroyed) {
      this.#filter?.write(bytes, undefined);
      reportGone(done);
      return false;
    }
    return this.#filter?.write(bytes, done) ?? true;
  }

  #hostEnd(args: unknown[]): ServerResponse {
    const res = this.#res;
    if (this.#passing) return Reflect.apply(this.#before.end, res, args);
    const { chunk, encoding, done } = readArguments(args);
    const bytes = chunk === undefined || chunk === null ? Buffer.alloc(0) : toBytes(chunk, encoding);
    if (this.#hostEnded) {
      if (done !== undefined) process.nextTick(done, streamError('ERR_STREAM_ALREADY_FINISHED', 'end after end'));
      return res;
    }
    if (!this.#ended) this.#commit('end');
    if (this.#passing) return Reflect.apply(this.#before.end, res, args);
    this.#hostEnded = true;
    if (done !== undefined) {
      if (res.writableFinished || res.destroyed) process.nextTick(done);
      else res.once('finish', done);
    }
    if (!this.#ended) this.#filter?.end(bytes);
    return res;
  }
}

function readArguments(args: readonly unknown[]): {
  readonly chunk: unknown;
  readonly encoding: unknown;
  readonly done: WriteCallback | undefined;
} {
  const done = args.find((value): value is WriteCallback => typeof value === 'function');
  const [chunk, encoding] = args.filter((value) => typeof value !== 'function');
  return { chunk, encoding, done };
}

/** Copies: the host may use its buffer again while we hold the bytes. */
function toBytes(chunk: unknown, encoding: unknown): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk, (encoding ?? 'utf8') as BufferEncoding);
  if (chunk instanceof Uint8Array) return Buffer.from(chunk);
  const code = chunk === null ? 'ERR_STREAM_NULL_VALUES' : 'ERR_INVALID_ARG_TYPE';
  throw Object.assign(new TypeError('The chunk must be a string, a Buffer or a Uint8Array.'), { code });
}

/** As Node's `writeHead` reads them: an object, or an array of names and values, flat or in pairs. */
function setHeaders(res: ServerResponse, given: unknown): void {
  if (typeof given !== 'object' || given === null) return;
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given)) {
      res.setHeader(name, value as OutgoingHttpHeader);
    }
    return;
  }
  const flat: unknown[] = Array.isArray(given[0]) ? given.flat(1) : given;
  if (flat.length % 2 !== 0) {
    throw Object.assign(new TypeError('The headers need a value for each name.'), { code: 'ERR_INVALID_ARG_VALUE' });
  }
  const names = flat.filter((_, index) => index % 2 === 0).map(String);
  for (const name of names) res.removeHeader(name);
  names.forEach((name, index) => {
    const value = flat[2 * index + 1];
    res.appendHeader(name, Array.isArray(value) ? value.map(String) : String(value));
  });
}

function reportGone(done: WriteCallback | undefined): void {
  if (done !== undefined) process.nextTick(done, streamError('ERR_STREAM_DESTROYED', 'The reply is over.'));
}

function headersSentError(verb: string): Error {
  return streamError('ERR_HTTP_HEADERS_SENT', `Cannot ${verb} headers after they are sent to the client`);
}

function rangeError(status: unknown): Error {
  return Object.assign(new RangeError(`Invalid status code: ${String(status)}`), {
    code: 'ERR_HTTP_INVALID_STATUS_CODE',
  });
}

function streamError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
