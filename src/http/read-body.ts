import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { RequestBodyError } from '../core/index.js';

/**
 * Reads a whole body and undoes its content encodings.
 * @throws {RequestBodyError} when it is larger than `maxBytes`, encoded in an unknown way, or cut.
 */
export async function readBody(
  source: Readable,
  options: { readonly encoding: string | undefined; readonly maxBytes: number },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decoded(source, options.encoding)) {
      const bytes = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > options.maxBytes) {
        throw new RequestBodyError(413, `The body is larger than ${options.maxBytes} bytes.`);
      }
      chunks.push(bytes);
    }
  } catch (cause) {
    if (cause instanceof RequestBodyError) throw cause;
    throw new RequestBodyError(400, 'The body could not be read.', { cause });
  }
  return Buffer.concat(chunks);
}

/**
 * Returns the source with its content encodings undone; an error of the source ends the result too.
 * @throws {RequestBodyError} when an encoding is unknown.
 */
export function decoded(source: Readable, encoding: string | undefined): Readable {
  const names = (encoding ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
    .reverse();
  return names.reduce<Readable>((current, name) => {
    const step = decoderFor(name);
    current.once('error', (error) => step.destroy(error));
    return current.pipe(step);
  }, source);
}

function decoderFor(name: string) {
  if (name === 'gzip' || name === 'x-gzip') return createGunzip();
  if (name === 'deflate') return createInflate();
  if (name === 'br') return createBrotliDecompress();
  throw new RequestBodyError(415, 'The content encoding is not supported; use gzip, deflate or br.');
}

/**
 * Parses a JSON body.
 * @throws {RequestBodyError} when it is not JSON or nested deeper than `maxDepth`.
 */
export function parseJsonBody(bytes: Buffer, maxDepth: number): unknown {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (quoted) {
      if (char === '\\') index += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{' || char === '[') {
      depth += 1;
      if (depth > maxDepth) throw new RequestBodyError(400, `The body is nested deeper than ${maxDepth} levels.`);
    } else if (char === '}' || char === ']') depth -= 1;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestBodyError(400, 'The body is not valid JSON.');
  }
}
