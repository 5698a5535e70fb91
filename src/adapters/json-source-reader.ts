import { decodeJsonSource } from './json-source.js';

const ESCAPE_UNITS = 6;
const PART_OF_ESCAPE = /^\\(?:u[0-9a-fA-F]{0,3})?$/;

/** A piece of JSON source, made readable. */
export interface ReadableSource {
  readonly text: string;
  /** Whether `text` is what the piece means by itself: no escape begins before it or ends behind it. */
  readonly alone: boolean;
}

/**
 * Makes JSON source readable that arrives in pieces, as `decodeJsonSource` does for the whole: an escape that is cut in two
 * belongs to the later piece. One that is never completed is dropped; nobody could parse it.
 */
export class JsonSourceReader {
  readonly #carried = new Map<string, string>();

  /** Returns the next piece of a channel. */
  read(channel: string, piece: string): ReadableSource {
    const carried = this.#carried.get(channel) ?? '';
    const source = carried + piece;
    const end = escapeStart(source);
    if (end < source.length) this.#carried.set(channel, source.slice(end));
    else this.#carried.delete(channel);
    return { text: decodeJsonSource(source.slice(0, end)), alone: carried === '' && end === source.length };
  }
}

/** Where an incomplete escape at the end begins; the length when there is none. */
function escapeStart(source: string): number {
  const start = source.lastIndexOf('\\');
  if (start === -1 || start < source.length - ESCAPE_UNITS) return source.length;
  let slashes = 1;
  while (source[start - slashes] === '\\') slashes += 1;
  // An even number is backslashes that were escaped themselves.
  return slashes % 2 === 1 && PART_OF_ESCAPE.test(source.slice(start)) ? start : source.length;
}
