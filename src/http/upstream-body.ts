import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

/** Takes a chunk; what comes next waits for the promise that it returns, if it does. */
export type TakeChunk = (chunk: Buffer) => Promise<void> | undefined;

/** Bytes that come in chunks. */
export interface ChunkSource {
  /**
   * Hands over every chunk; resolves behind the last, or when it was stopped.
   * Rejects when the bytes break off, and with what `take` throws.
   */
  read(take: TakeChunk): Promise<void>;
  /** Stops to read: what has not arrived is not wanted. */
  stop(): void;
}

/** Bytes that may arrive before anybody reads them. */
const MAX_UNREAD_BYTES = 65_536;

/** The body of a reply as it arrives. One reader takes it: `read`, or `stream` for what needs a stream. */
export class UpstreamBody implements ChunkSource {
  readonly #controller: Dispatcher.DispatchController;
  readonly #unread: Buffer[] = [];
  #unreadBytes = 0;
  #isOver = false;
  #failure: Error | undefined;
  #take: TakeChunk | undefined;
  #waits = false;
  #settle: { readonly resolve: () => void; readonly reject: (cause: unknown) => void } | undefined;

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller;
  }

  read(take: TakeChunk): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#take = take;
      this.#settle = { resolve, reject };
      this.#handOver();
      this.#resume();
    });
  }

  stop(): void {
    this.#settle?.resolve();
    this.close();
  }

  /** The body as a stream, at the pace of its reader. */
  stream(): Readable {
    let goOn: (() => void) | undefined;
    const readable = new Readable({
      read: () => goOn?.(),
      destroy: (error, done) => {
        this.close();
        done(error);
      },
    });
    // Errors reach whoever reads; after that nobody listens, and an error would end the process.
    readable.on('error', () => undefined);
    const push: TakeChunk = (chunk) => {
      if (readable.push(chunk)) return undefined;
      return new Promise<void>((resolve) => {
        goOn = resolve;
      });
    };
    this.read(push).then(
      () => readable.push(null),
      (cause) => readable.destroy(cause),
    );
    return readable;
  }

  /** Gives up what has not arrived, and the connection that it would have come on. Idempotent. */
  close(): void {
    if (this.#isOver) return;
    const reason = new Error('The reply was closed.');
    this.#unread.length = 0;
    this.fail(reason);
    this.#controller.abort(reason);
  }

  /** Takes what has arrived. */
  push(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length;
    this.#handOver();
    if (this.#unreadBytes > MAX_UNREAD_BYTES || this.#waits) this.#controller.pause();
  }

  /** Notes that all has arrived. */
  end(): void {
    this.#isOver = true;
    this.#handOver();
  }

  /** Notes that nothing more will arrive. */
  fail(cause: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = cause;
    this.#handOver();
  }

  #handOver(): void {
    const take = this.#take;
    if (take === undefined || this.#waits) return;
    for (let chunk = this.#unread.shift(); chunk !== undefined; chunk = this.#unread.shift()) {
      this.#unreadBytes -= chunk.length;
      const pending = this.#offer(take, chunk);
      if (pending === undefined) continue;
      this.#waits = true;
      pending.then(
        () => this.#goOn(),
        (cause) => this.#giveUp(cause),
      );
      return;
    }
    if (!this.#isOver) return;
    if (this.#failure === undefined) this.#settle?.resolve();
    else this.#settle?.reject(this.#failure);
  }

  #offer(take: TakeChunk, chunk: Buffer): Promise<void> | undefined {
    try {
      return take(chunk);
    } catch (cause) {
      this.#giveUp(cause);
      return undefined;
    }
  }

  #goOn(): void {
    this.#waits = false;
    this.#handOver();
    this.#resume();
  }

  #resume(): void {
    if (!this.#waits && !this.#isOver) this.#controller.resume();
  }

  #giveUp(cause: unknown): void {
    this.#settle?.reject(cause);
    this.close();
  }
}

/** Chunks of a stream. */
export class StreamChunks implements ChunkSource {
  readonly #stream: Readable;
  #isStopped = false;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  async read(take: TakeChunk): Promise<void> {
    try {
      for await (const chunk of this.#stream) {
        await take(chunk);
        if (this.#isStopped) return;
      }
    } catch (cause) {
      if (!this.#isStopped) throw cause;
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#stream.destroy();
  }
}
