import { isJsonObject } from './json.js';

/** What stands in a JSON text, as far as it is one. */
export interface JsonShape {
  /** Deepest nesting, in levels. */
  readonly depth: number;
  /** Values in all, containers included. */
  readonly values: number;
  /** Members of objects, keys that stand twice counted twice. */
  readonly members: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
/** `[` and `]`; with the bit of the lower case set they are `{` and `}`. */
const OPENS = 0x5b;
const CLOSES = 0x5d;
const LOWER = 0x20;
/** Where a member may begin; also within strings. */
const MEMBER = /"\s*:/g;
const BRACKET = /[[{]/g;

/** Returns what stands in a JSON text without parsing it, so that how deep it nests is known before. O(text). Never throws. */
export function measureJson(text: string): JsonShape {
  let level = 0;
  let depth = 0;
  let values = 1;
  let members = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at);
    else if (unit === COMMA) values += 1;
    else if (unit === COLON) members += 1;
    else if ((unit & ~LOWER) === OPENS) {
      level += 1;
      values += 1;
      if (level > depth) depth = level;
    } else if ((unit & ~LOWER) === CLOSES) level -= 1;
  }
  return { depth, values, members };
}

/** Whether a JSON text holds more values than that. O(text), and quick for texts that are shorter. Never throws. */
export function holdsMoreValues(text: string, values: number): boolean {
  return text.length > values && measureJson(text).values > values;
}

/** Whether a JSON text nests deeper than that. O(text), and quick for texts with few brackets. Never throws. */
export function isDeeperThan(text: string, levels: number): boolean {
  const brackets = text.match(BRACKET)?.length ?? 0;
  return brackets > levels && measureJson(text).depth > levels;
}

/**
 * Whether a JSON text names a key of an object twice: readers that take the first one see another value than `value`, which
 * was parsed from the text. O(text), and quick where no text in it looks like a member. Nesting has to be bounded by the caller.
 */
export function hasRepeatedKeys(text: string, value: unknown): boolean {
  const members = countMembers(value);
  const found = text.match(MEMBER)?.length ?? 0;
  return found > members && measureJson(text).members > members;
}

function countMembers(value: unknown): number {
  let members = 0;
  if (Array.isArray(value)) for (const item of value) members += countMembers(item);
  else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) members += 1 + countMembers(value[key]);
  }
  return members;
}

/** The offset of the quote that ends the string; the length where none does. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at;
    at += unit === BACKSLASH ? 2 : 1;
  }
  return text.length;
}
