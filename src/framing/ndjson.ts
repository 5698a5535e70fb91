import { StreamError } from '../core/index.js';
import type { Framing } from './framing.js';
import { NdjsonParser } from './ndjson-parser.js';

const LF = 0x0a;
/** White space, and the bytes of a byte order mark. */
const BLANKS = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf]);
const END_MARK = '[DONE]';

/** Newline-delimited JSON: one JSON value per line. */
export const NDJSON: Framing = {
  name: 'ndjson',
  contentType: 'application/x-ndjson',
  endsWith: 'line',
  matchesType: (contentType) => /\b(?:x-)?ndjson\b|\bjsonl(?:ines)?\b/i.test(contentType),
  recognizes: hasSeveralJsonLines,
  createParser: (limits) => new NdjsonParser(limits),
  encode({ data, comment }) {
    if (comment !== undefined) return '\n';
    // Formats that end an event stream so need no mark where lines end with the bytes; it would be no JSON.
    if (data.trim() === END_MARK) return '';
    if (data.includes('\n')) throw new StreamError('The data of an event must not hold a line break.');
    return `${data}\n`;
  },
};

/** Some backends call it JSON. */
function hasSeveralJsonLines(bytes: Buffer): boolean {
  const start = bytes.findIndex((byte) => !BLANKS.has(byte));
  const lineEnd = bytes.indexOf(LF, Math.max(0, start));
  if (start === -1 || lineEnd === -1 || !/\S/.test(bytes.toString('latin1', lineEnd))) return false;
  const line = bytes.toString('utf8', start, lineEnd);
  if (!line.startsWith('{')) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    // Most JSON that has line breaks has them within one value.
    return false;
  }
}
