import { TextDecoder } from 'node:util';

/** One line of a file. */
export interface Line {
  /** 1-based. */
  readonly number: number;
  /** Without its line end and, on the first line, byte order mark; undefined when the line cannot be read. */
  readonly text: string | undefined;
  /** Why it cannot be read; empty when it can. */
  readonly problem: string;
}

const LINE_FEED = 0x0a;

/**
 * Yields the lines of a UTF-8 file, those of one chunk together, in constant memory. Only LF and CRLF end a line: U+2028 and its like may
 * stand inside a JSON string, so `node:readline`, which cuts there, does not serve.
 */
export async function* readLines(source: AsyncIterable<Uint8Array>, maxLineBytes: number): AsyncGenerator<Line[]> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let number = 0;
  const take = (end: Buffer): Line => {
    number += 1;
    const bytes = pendingBytes + end.length;
    const line =
      bytes > maxLineBytes ? tooLong(number, maxLineBytes) : decodeLine(Buffer.concat([...pending, end]), number);
    pending = [];
    pendingBytes = 0;
    return line;
  };
  for await (const piece of source) {
    const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const lines: Line[] = [];
    let start = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, start)) {
      lines.push(take(chunk.subarray(start, at)));
      start = at + 1;
    }
    const rest = chunk.subarray(start);
    pendingBytes += rest.length;
    // Of a line that is too long anyway nothing more is kept, only counted.
    if (pendingBytes <= maxLineBytes) pending.push(rest);
    else pending = [];
    if (lines.length > 0) yield lines;
  }
  if (pendingBytes > 0) yield [take(Buffer.alloc(0))];
}

// The decoder drops a byte order mark, so one decoder for the first line and one for the others.
const UTF8 = { fatal: true } as const;
const firstDecoder = new TextDecoder('utf-8', UTF8);
const decoder = new TextDecoder('utf-8', { ...UTF8, ignoreBOM: true });

function decodeLine(bytes: Buffer, number: number): Line {
  try {
    const text = (number === 1 ? firstDecoder : decoder).decode(bytes);
    return { number, text: text.endsWith('\r') ? text.slice(0, -1) : text, problem: '' };
  } catch {
    return { number, text: undefined, problem: 'is not UTF-8' };
  }
}

function tooLong(number: number, maxLineBytes: number): Line {
  return { number, text: undefined, problem: `is longer than ${maxLineBytes} bytes` };
}
