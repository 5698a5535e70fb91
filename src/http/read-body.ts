import type { Readable } from 'node:stream';
import { RequestBodyError } from '../core/index.js';
import { decoded } from './content-encoding.js';

/**
 * Reads a whole body and undoes its content encodings. After an error the source is left open, so that an answer can
 * still be sent on the same connection.
 * @throws {RequestBodyError} when it is larger than `maxBytes`, encoded in an unknown way, or cut.
 */
export async function readBody(
  source: Readable,
  options: { readonly encoding: string | undefined; readonly maxBytes: number },
): Promise<Buffer> {
  const { encoding, maxBytes } = options;
  const chunks: Buffer[] = [];
  let size = 0;
  const stream = decoded(source, encoding);
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      const bytes = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > maxBytes) throw new RequestBodyError(413, `The body is larger than ${maxBytes} bytes.`);
      chunks.push(bytes);
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
