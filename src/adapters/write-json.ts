import { isJsonObject } from './json.js';

/**
 * Returns a value as JSON in which every number keeps the digits that it has in `source`, the JSON that the value was
 * parsed from before it was edited: JavaScript would round 9007199254740993 and write 1e400 as `null`. Everything else is
 * written from the value, so of repeated keys only the last is left, which is the one that was read. O(source + value).
 */
export function writeJson(value: unknown, source: string): string {
  if (!hasInexactNumber(source)) return JSON.stringify(value);
  const numbers = readInexactNumbers(source);
  const write = (part: unknown, path: string): string => {
    if (typeof part === 'number') {
      const digits = numbers.get(path);
      return digits !== undefined && Number(digits) === part ? digits : JSON.stringify(part);
    }
    if (Array.isArray(part)) return `[${part.map((item: unknown, index) => write(item, `${path}/${index}`)).join()}]`;
    if (!isJsonObject(part)) return JSON.stringify(part) ?? 'null';
    const members = Object.entries(part).filter(([, item]) => item !== undefined);
    return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${write(item, childPath(path, key))}`).join()}}`;
  };
  return write(value, '');
}

const NUMBER = /[-\d][\d.eE+-]*/y;

/** Whether JavaScript would write one of the numbers differently. Strings are skipped at the speed of a search. */
function hasInexactNumber(source: string): boolean {
  for (let at = 0; at < source.length; at += 1) {
    if (source[at] === '"') at = stringEnd(source, at) - 1;
    else if (isNumberStart(source.charCodeAt(at))) {
      const number = numberAt(source, at);
      if (isInexact(number)) return true;
      at += number.length - 1;
    }
  }
  return false;
}

/** An object or array that is being read. */
interface OpenValue {
  readonly path: string;
  readonly isArray: boolean;
  index: number;
  key: string;
}

/** The numbers that JavaScript would write differently, by path. */
function readInexactNumbers(source: string): ReadonlyMap<string, string> {
  const numbers = new Map<string, string>();
  const open: OpenValue[] = [];
  const pathHere = (): string => {
    const parent = open.at(-1);
    return parent === undefined ? '' : childPath(parent.path, parent.isArray ? parent.index : parent.key);
  };
  let string = '""';
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at];
    const parent = open.at(-1);
    if (char === '"') {
      string = source.slice(at, stringEnd(source, at));
      at += string.length - 1;
    } else if (char === '{' || char === '[') open.push({ path: pathHere(), isArray: char === '[', index: 0, key: '' });
    else if (char === '}' || char === ']') open.pop();
    else if (char === ',' && parent !== undefined) parent.index += 1;
    else if (char === ':' && parent !== undefined) parent.key = String(JSON.parse(string));
    else if (isNumberStart(source.charCodeAt(at))) {
      const number = numberAt(source, at);
      // Of repeated keys the last one counts.
      if (isInexact(number)) numbers.set(pathHere(), number);
      else numbers.delete(pathHere());
      at += number.length - 1;
    }
  }
  return numbers;
}

/** As in a JSON pointer, so that no two places share a path. */
function childPath(path: string, key: string | number): string {
  return `${path}/${typeof key === 'number' ? key : key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The offset behind the string that begins at `start`. */
function stringEnd(source: string, start: number): number {
  for (let quote = source.indexOf('"', start + 1); quote >= 0; quote = source.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (source[quote - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
  }
  return source.length;
}

function isNumberStart(unit: number): boolean {
  return unit === 0x2d || (unit >= 0x30 && unit <= 0x39);
}

function numberAt(source: string, at: number): string {
  NUMBER.lastIndex = at;
  return NUMBER.exec(source)?.[0] ?? '';
}

function isInexact(number: string): boolean {
  return String(Number(number)) !== number;
}
