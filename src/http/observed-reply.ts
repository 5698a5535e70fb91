import type { Downstream, ReplyFilter, WriteCallback } from './response-interceptor.js';

/** Nobody listens: what a filter would have sent is lost. */
const NOWHERE: Downstream = {
  needsDrain: false,
  setHeader: () => undefined,
  setLength: () => undefined,
  removeHeader: () => undefined,
  flushHead: () => undefined,
  write: () => true,
  end: () => undefined,
  replace: () => undefined,
};

/** Lets a reply pass byte for byte while another filter judges a copy of it, for the record alone. */
export class ObservedReply implements ReplyFilter {
  readonly #downstream: Downstream;
  readonly #judge: ReplyFilter;

  constructor(downstream: Downstream, createJudge: (nowhere: Downstream) => ReplyFilter) {
    this.#downstream = downstream;
    this.#judge = createJudge(NOWHERE);
  }

  write(bytes: Buffer, done: WriteCallback | undefined): boolean {
    this.#judge.write(bytes, undefined);
    return this.#downstream.write(bytes, done);
  }

  end(bytes: Buffer): void {
    this.#judge.end(bytes);
    this.#downstream.end(bytes);
  }

  drained(): void {
    this.#judge.drained?.();
  }

  abandon(): void {
    this.#judge.abandon();
  }
}
