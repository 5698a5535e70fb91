/** A part of JSON source. */
export type JsonPart = JsonMarks | JsonTextPart;

/** What stands between texts: brackets, quotes, numbers and the like. */
export interface JsonMarks {
  readonly source: string;
  readonly name?: undefined;
}

/** Some of a text: of a key, of a string, or of characters that no JSON holds at this place. */
export interface JsonTextPart {
  readonly source: string;
  /** Tells the text from the others of the source: `[2]` for the third string, keys counted, `.other[0]` outside of strings. */
  readonly name: string;
  /** What a reader of the parsed JSON sees. */
  readonly text: string;
  /** Whether the text ends with this part. */
  readonly ends: boolean;
}

const MARKS = /[\s{}[\],:\d+.-]*/y;
const QUOTED = /(?:[^"\\]+|\\(?:u[0-9a-fA-F]{4}|[^u]|u(?![0-9a-fA-F]{0,3}$)))*/y;
const BARE = /[^{}[\],:"]*/y;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))/g;
const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/**
 * Reads JSON source that arrives in pieces, and tells its texts from what is between them, so that a text can be replaced
 * and the source stays JSON. Where the pieces are cut never changes a text; the half of an escape waits for the other one.
 */
export class JsonTextReader {
  #state: 'marks' | 'quoted' | 'bare' = 'marks';
  #cut = '';
  #name = '';
  #hasText = false;
  readonly #counts = { quoted: 0, bare: 0 };

  /** Whether the half of an escape waits. */
  get waits(): boolean {
    return this.#cut !== '';
  }

  /** Returns the parts of the next piece in order. A text that is empty so far is left out. O(piece). Never throws. */
  read(piece: string): JsonPart[] {
    const source = this.#cut + piece;
    this.#cut = '';
    const parts: JsonPart[] = [];
    let at = 0;
    while (at < source.length)
      at = this.#state === 'marks' ? this.#readMarks(source, at, parts) : this.#readText(source, at, parts);
    return parts;
  }

  #readMarks(source: string, start: number, parts: JsonPart[]): number {
    let at = endOf(MARKS, source, start);
    if (at < source.length) {
      const quoted = source[at] === '"';
      if (quoted) at += 1;
      this.#begin(quoted ? 'quoted' : 'bare');
    }
    if (at > start) parts.push({ source: source.slice(start, at) });
    return at;
  }

  #readText(source: string, start: number, parts: JsonPart[]): number {
    const quoted = this.#state === 'quoted';
    const end = endOf(quoted ? QUOTED : BARE, source, start);
    const ends = end < source.length && (!quoted || source[end] === '"');
    const read = source.slice(start, end);
    this.#hasText ||= read !== '';
    if (read !== '' || (ends && this.#hasText))
      parts.push({ source: read, name: this.#name, text: quoted ? decode(read) : read, ends });
    if (!ends) {
      this.#cut = source.slice(end);
      return source.length;
    }
    this.#state = 'marks';
    if (!quoted) return end;
    parts.push({ source: '"' });
    return end + 1;
  }

  #begin(state: 'quoted' | 'bare'): void {
    this.#state = state;
    this.#name = state === 'quoted' ? `[${this.#counts.quoted}]` : `.other[${this.#counts.bare}]`;
    this.#counts[state] += 1;
    this.#hasText = false;
  }
}

/** Returns the JSON source of a text that a `JsonTextReader` read under this name. Never throws. */
export function encodeJsonText(name: string, text: string): string {
  return name.startsWith('.other') ? text : JSON.stringify(text).slice(1, -1);
}

/** Returns every text of a JSON value, keys included, as they stand in its source. Never throws. */
export function listJsonTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(listJsonTexts);
  return Object.entries(value).flatMap(([key, member]) => [key, ...listJsonTexts(member)]);
}

/** Returns a copy of a JSON value with these texts in place of those that `listJsonTexts` returns. */
export function withJsonTexts(value: unknown, texts: readonly string[]): unknown {
  let next = 0;
  const take = (text: string): string => {
    next += 1;
    return texts[next - 1] ?? text;
  };
  const write = (part: unknown): unknown => {
    if (typeof part === 'string') return take(part);
    if (typeof part !== 'object' || part === null) return part;
    if (Array.isArray(part)) return part.map(write);
    return Object.fromEntries(Object.entries(part).map(([key, member]) => [take(key), write(member)]));
  };
  return write(value);
}

function endOf(pattern: RegExp, source: string, start: number): number {
  pattern.lastIndex = start;
  return start + (pattern.exec(source)?.[0].length ?? 0);
}

function decode(source: string): string {
  if (!source.includes('\\')) return source;
  return source.replace(ESCAPE, (_, digits: string | undefined, letter: string | undefined) => {
    if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
    return CONTROLS[letter ?? ''] ?? letter ?? '';
  });
}
