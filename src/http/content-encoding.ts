import { type Readable, Transform, type TransformCallback } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { RequestBodyError } from '../core/index.js';

/** What `decoded` can undo, for `accept-encoding`. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

/**
 * Returns the source with its content encodings undone; an error or a cut of the source ends the result too.
 * @throws {RequestBodyError} when an encoding is unknown.
 */
export function decoded(source: Readable, encoding: string | undefined): Readable {
  const names = (encoding ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
    .reverse();
  // All of them first: a stream that nobody reads must not be left behind.
  const steps = names.map(decoderFor);
  return steps.reduce<Readable>((current, step) => {
    current.once('error', (error) => step.destroy(error));
    current.once('close', () => {
      if (!current.readableEnded) step.destroy(new Error('The body was cut off.'));
    });
    return current.pipe(step);
  }, source);
}

function decoderFor(name: string): Transform {
  if (name === 'gzip' || name === 'x-gzip') return createGunzip();
  if (name === 'deflate') return new InflateAny();
  if (name === 'br') return createBrotliDecompress();
  throw new RequestBodyError(415, 'The content encoding is not supported; use gzip, deflate or br.');
}

/** Undoes `deflate` in both readings that are in use: with the zlib header, as RFC 9110 says, and without. */
class InflateAny extends Transform {
  #inner: Transform | undefined;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#inner ??= this.#open(chunk);
    this.#inner.write(chunk, () => done());
  }

  override _read(size: number): void {
    this.#inner?.resume();
    super._read(size);
  }

  override _flush(done: TransformCallback): void {
    if (this.#inner === undefined) done();
    else this.#inner.once('end', () => done()).end();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner?.destroy();
    done(error);
  }

  #open(chunk: Buffer): Transform {
    // The low half of a zlib header is 8; a raw stream that starts so would be a stored block with garbage in its padding.
    const inner = ((chunk[0] ?? 0) & 0x0f) === 0x08 ? createInflate() : createInflateRaw();
    inner.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) inner.pause();
    });
    inner.on('error', (error) => this.destroy(error));
    return inner;
  }
}
