import { isUtf8 } from 'node:buffer';
import { holdsMoreValues, isDeeperThan } from '../adapters/index.js';
import { RequestBodyError } from '../core/index.js';
import { charsetOf } from './text-body.js';

const OPENING_BRACE = 0x7b;
/** White space of JSON, and the bytes of a byte order mark. */
const SKIPPED = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf]);
/** Bytes that stand there only in UTF-16 and UTF-32, of the byte order mark and of wide characters. */
const WIDE = new Set([0x00, 0xfe, 0xff]);
/** UTF-32 has no more zeros in a row before a character that matters here. */
const MAX_ZEROS = 3;
/** The keys without one of which a body brings no model any text, as lenient backends read them: in any case, with the long s. */
const TEXT_KEY = /me[sſ]{2}age[sſ]|prompt/i;

/** What a JSON body may be. */
export interface JsonBounds {
  /** Deepest nesting, in levels. */
  readonly maxJsonDepth: number;
  /** Most values; any number when left out. */
  readonly maxJsonValues?: number;
}

/** How a body begins. */
export interface Opening {
  /** Whether it begins like a JSON object. */
  readonly object: boolean;
  /** Whether it does so in UTF-16 or UTF-32, which some backends detect and read. */
  readonly wide: boolean;
}

/** Returns how a body begins; `undefined` while there is nothing but white space. O(white space). Never throws. */
export function openingOf(bytes: Uint8Array): Opening | undefined {
  let wide = false;
  let zeros = 0;
  for (const [index, byte] of bytes.entries()) {
    zeros = byte === 0 ? zeros + 1 : 0;
    if (zeros > MAX_ZEROS) return { object: false, wide };
    if (WIDE.has(byte)) wide = true;
    else if (!SKIPPED.has(byte)) {
      return { object: byte === OPENING_BRACE, wide: wide || bytes[index + 1] === 0 };
    }
  }
  return undefined;
}

/** Whether a content type says that a body is JSON. */
export function isJsonType(contentType: string | undefined): boolean {
  return /\bjson\b/i.test(contentType ?? '');
}

/**
 * Checks that a content type names no charset but UTF-8: in another one a body would read differently here and further on.
 * @throws {RequestBodyError} 415 when it does.
 */
export function assertUtf8(contentType: string | undefined): void {
  const charset = charsetOf(contentType ?? '');
  if (charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    throw new RequestBodyError(415, 'The charset of the body is not supported; use UTF-8.');
  }
}

/** Returns the error for a body beyond a limit. */
export function tooLarge(maxBytes: number): RequestBodyError {
  return new RequestBodyError(413, `The body is larger than ${maxBytes} bytes.`);
}

/**
 * Parses a JSON body.
 * @throws {RequestBodyError} when it is not JSON or beyond a bound.
 */
export function parseJsonBody(bytes: Buffer, bounds: JsonBounds): unknown {
  return parseJsonText(bytes.toString('utf8'), bounds);
}

/**
 * Parses a JSON body that is decoded already; a byte order mark before it is none of it.
 * @throws {RequestBodyError} when it is not JSON or beyond a bound.
 */
export function parseJsonText(source: string, bounds: JsonBounds): unknown {
  const { maxJsonDepth, maxJsonValues = Number.POSITIVE_INFINITY } = bounds;
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  if (isDeeperThan(text, maxJsonDepth)) throw tooDeep(bounds);
  if (holdsMoreValues(text, maxJsonValues)) throw tooMany(maxJsonValues);
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestBodyError(400, 'The body is not valid JSON.');
  }
}

/**
 * Reads a body that is one text.
 * @throws {RequestBodyError} when it is not UTF-8.
 */
export function parseTextBody(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new RequestBodyError(415, 'The body is not encoded in UTF-8.');
  return bytes.toString('utf8');
}

/**
 * Checks a value that somebody else has parsed.
 * @throws {RequestBodyError} when it is beyond a bound.
 */
export function assertBounds(value: unknown, bounds: JsonBounds): void {
  const { maxJsonDepth, maxJsonValues = Number.POSITIVE_INFINITY } = bounds;
  let values = 1;
  let level = [value].filter(isNested);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxJsonDepth) throw tooDeep(bounds);
    const below = level.flatMap((each): unknown[] => Object.values(each));
    values += below.length;
    if (values > maxJsonValues) throw tooMany(maxJsonValues);
    level = below.filter(isNested);
  }
}

/**
 * Parses the body of a path that names no format; `undefined` for one that is no JSON and no chat either.
 * @throws {RequestBodyError} for what cannot be read here and may still be a chat to a backend with a more lenient parser:
 * nested too deep, too many values, followed by other text, in another charset.
 */
export function parseUnnamedBody(bytes: Buffer, bounds: JsonBounds): unknown {
  const opening = openingOf(bytes);
  const object = opening?.object === true;
  if (object && opening.wide) throw new RequestBodyError(415, 'The body is not encoded in UTF-8.');
  try {
    return parseJsonBody(bytes, bounds);
  } catch (error) {
    if (object && mayNameTexts(bytes.toString('utf8'))) throw error;
    return undefined;
  }
}

/** An escape may spell any key. */
function mayNameTexts(text: string): boolean {
  return TEXT_KEY.test(text) || text.includes('\\u');
}

function tooDeep({ maxJsonDepth }: JsonBounds): RequestBodyError {
  return new RequestBodyError(400, `The body is nested deeper than ${maxJsonDepth} levels.`);
}

function tooMany(maxValues: number): RequestBodyError {
  return new RequestBodyError(413, `The body holds more than ${maxValues} values.`);
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}
