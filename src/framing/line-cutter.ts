import { isAscii } from 'node:buffer';
import { StreamError } from '../core/index.js';

const LF = 0x0a;
const CR = 0x0d;

/** How bytes become lines. */
export interface LineCutterOptions {
  /** Most bytes of one event. */
  readonly maxEventBytes: number;
  /** Whether a CR alone ends a line too. CR LF always counts as one line end. */
  readonly crEndsLine: boolean;
  /** Takes a line without its end, and its length in bytes; returns how many bytes of the event that it belongs to are now kept elsewhere. */
  readonly onLine: (line: string, bytes: number) => number;
}

/**
 * Cuts bytes into lines of text; how they are chunked never changes the result.
 *
 * Lines are cut on bytes and decoded whole: LF and CR never occur inside a multi-byte UTF-8 character, so a character
 * that is split over chunks needs no care. Malformed UTF-8 becomes U+FFFD, and a byte order mark at the very start goes.
 */
export class LineCutter {
  readonly #options: LineCutterOptions;
  // A byte order mark is stripped by hand, because only the very first line may carry one.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #fragments: Uint8Array[] = [];
  #fragmentBytes = 0;
  #keptBytes = 0;
  #afterCr = false;
  #firstLine = true;

  constructor(options: LineCutterOptions) {
    this.#options = options;
  }

  /** @throws {StreamError} when one event is larger than the limit. */
  feed(chunk: Uint8Array): void {
    // Hardly anybody ends lines with CR, and a search is much faster than a look at each byte.
    if (!this.#afterCr && !chunk.includes(CR)) this.#feedByLf(chunk);
    else this.#feedByAny(chunk);
  }

  /** Ends a last line that has no end. */
  end(): void {
    if (this.#fragmentBytes > 0) this.#endLine();
  }

  #feedByLf(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.slice(start));
  }

  #feedByAny(chunk: Uint8Array): void {
    const { crEndsLine } = this.#options;
    let start = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index];
      const skip = byte === LF && this.#afterCr;
      this.#afterCr = crEndsLine && byte === CR;
      if (skip) {
        start = index + 1;
      } else if (byte === LF || (crEndsLine && byte === CR)) {
        this.#keep(chunk.subarray(start, index));
        this.#endLine();
        start = index + 1;
      }
    }
    if (start < chunk.length) this.#keep(chunk.slice(start));
  }

  #keep(fragment: Uint8Array): void {
    this.#fragments.push(fragment);
    this.#fragmentBytes += fragment.length;
    const { maxEventBytes } = this.#options;
    if (this.#keptBytes + this.#fragmentBytes > maxEventBytes) {
      throw new StreamError(`An event of the stream is larger than ${maxEventBytes} bytes.`);
    }
  }

  #endLine(): void {
    const [first] = this.#fragments;
    const bytes = this.#fragments.length === 1 && first !== undefined ? first : Buffer.concat(this.#fragments);
    const size = this.#fragmentBytes;
    this.#fragments = [];
    this.#fragmentBytes = 0;
    let line = this.#decode(bytes);
    if (this.#firstLine && line.startsWith('\uFEFF')) line = line.slice(1);
    this.#firstLine = false;
    if (!this.#options.crEndsLine && line.endsWith('\r')) line = line.slice(0, -1);
    this.#keptBytes = this.#options.onLine(line, size);
  }

  /** Most lines are plain ASCII, which takes no decoder. */
  #decode(bytes: Uint8Array): string {
    if (!isAscii(bytes)) return this.#decoder.decode(bytes);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }
}
