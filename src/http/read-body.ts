import { Readable } from 'node:stream';
import { RequestBodyError } from '../core/index.js';
import { decoded } from './content-encoding.js';
import { tooLarge } from './json-body.js';

/** How to read a body. */
export interface ReadBodyOptions {
  readonly encoding: string | undefined;
  readonly maxBytes: number;
  /** Called with the bytes as they come, decoded. */
  readonly onBytes?: ((bytes: Buffer) => void) | undefined;
}

/**
 * Reads a whole body and undoes its content encodings. After an error the source is left open, so that an answer can
 * still be sent on the same connection.
 * @throws {RequestBodyError} when it is larger than `maxBytes`, encoded in an unknown way, or cut.
 */
export async function readBody(source: Readable, options: ReadBodyOptions): Promise<Buffer> {
  const { encoding, maxBytes, onBytes } = options;
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = decoded(source, encoding);
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      const bytes = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(bytes);
      onBytes?.(bytes);
    }
  } catch (cause) {
    if (cause instanceof RequestBodyError) throw cause;
    throw new RequestBodyError(400, 'The body could not be read.', { cause });
  } finally {
    if (stream !== source) {
      source.unpipe();
      stream.destroy();
    }
  }
  return Buffer.concat(chunks);
}

/** How to undo the encoding of a body. */
export interface DecodeBodyOptions {
  readonly encoding: string | undefined;
  readonly maxBodyBytes: number;
  /** Whether it is an error that a body cannot be decoded; otherwise the result is `undefined` then. */
  readonly mustBeRead: boolean;
}

/**
 * Returns the bytes of a body without their content encodings.
 * @throws {RequestBodyError} when one that must be read cannot be.
 */
export async function decodeBody(
  bytes: Buffer,
  { encoding, maxBodyBytes, mustBeRead }: DecodeBodyOptions,
): Promise<Buffer | undefined> {
  if (encoding === undefined) return bytes;
  try {
    return await readBody(Readable.from([bytes]), { encoding, maxBytes: maxBodyBytes });
  } catch (error) {
    if (mustBeRead || !(error instanceof RequestBodyError)) throw error;
    return undefined;
  }
}
