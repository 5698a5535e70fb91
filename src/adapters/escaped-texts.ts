import { decodeEscape, encodeJsonSource, looksLikeJson } from './json-source.js';

const ESCAPE = /\\(?:u[0-9a-fA-F]{4}|[^u]|u(?![0-9a-fA-F]{0,3}$))/g;
const PART_OF_ESCAPE = /^\\(?:u[0-9a-fA-F]{0,3})?$/;
const ESCAPE_UNITS = 6;

/** An escape that reads as another text than it is. */
interface Escape {
  /** Where its text begins, in all the text of the channel. */
  readonly at: number;
  readonly text: string;
  readonly source: string;
}

/** The text of one channel. */
interface Channel {
  /** Whether the text began like JSON, so that its reader may parse it; unknown while it is all white space. */
  isJson: boolean | undefined;
  /** The half of an escape that waits for the other. */
  cut: string;
  readAt: number;
  leftAt: number;
  /** What was read and has not left; none once what left was no longer what was read. */
  waiting: string | undefined;
  /** The escapes in what waits. */
  escapes: Escape[];
}

/**
 * Makes texts readable that arrive in pieces and may be JSON, as an answer is that was asked for in a schema: a term must
 * not hide in escapes. What leaves as it was read leaves with the escapes that it came with.
 */
export class EscapedTexts {
  readonly #channels = new Map<string, Channel>();

  /** Whether a channel began like no JSON, so that its text is what it is. Never throws. */
  isPlain(name: string): boolean {
    return this.#channels.get(name)?.isJson === false;
  }

  /** Returns the next piece of a channel as whoever parses it will see it. O(piece). Never throws. */
  read(name: string, piece: string): string {
    const channel = this.#channel(name);
    if (channel.isJson === undefined && piece.trim() !== '') channel.isJson = looksLikeJson(piece);
    if (channel.isJson === false) return piece;
    const source = channel.cut + piece;
    const end = escapeStart(source);
    channel.cut = source.slice(end);
    let text = '';
    let from = 0;
    for (const { 0: found, index } of source.slice(0, end).matchAll(ESCAPE)) {
      const decoded = decodeEscape(found);
      if (decoded === found) continue;
      text += source.slice(from, index);
      channel.escapes.push({ at: channel.readAt + text.length, text: decoded, source: found });
      text += decoded;
      from = index + found.length;
    }
    text += source.slice(from, end);
    channel.readAt += text.length;
    if (channel.waiting !== undefined) channel.waiting += text;
    return text;
  }

  /** Returns the source of the next text that leaves. O(what waits). Never throws. */
  write(name: string, text: string): string {
    const channel = this.#channels.get(name);
    if (channel === undefined || channel.isJson === false) return text;
    if (channel.waiting?.startsWith(text) !== true) {
      // Something was taken out, and nobody says where: from here on escapes are made anew.
      channel.waiting = undefined;
      channel.escapes = [];
      return encodeJsonSource(text);
    }
    const start = channel.leftAt;
    const end = start + text.length;
    const leaving = channel.escapes.filter(({ at }) => at < end);
    channel.escapes = channel.escapes.slice(leaving.length);
    channel.waiting = channel.waiting.slice(text.length);
    channel.leftAt = end;
    let source = '';
    let from = 0;
    for (const { at, text: decoded, source: found } of leaving) {
      source += text.slice(from, at - start) + found;
      from = at - start + decoded.length;
    }
    return source + text.slice(from);
  }

  #channel(name: string): Channel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const made: Channel = { isJson: undefined, cut: '', readAt: 0, leftAt: 0, waiting: '', escapes: [] };
    this.#channels.set(name, made);
    return made;
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
