const ONE_WORD = /^[\x21-\x7e]*$/;

/** A JSON object of unknown shape. */
export type JsonObject = Record<string, unknown>;

/** Whether `value` is an object and not an array. Never throws. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns `value` when it is an array, else an empty one. Never throws. */
export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns the parsed value, or `undefined` for text that is not JSON. Never throws. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is no JSON carries no field that a client of the format could read.
    return undefined;
  }
}

/**
 * Returns a key as the most lenient parser reads it: without regard to case, the long s and the Kelvin sign included.
 * Source: the folding of encoding/json in Go, which many backends are written in.
 */
export function foldKey(key: string): string {
  return key.toUpperCase().toLowerCase();
}

/** Returns an object with only those of the keys that `source` has. Never throws. */
export function pick(source: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(source, key)).map((key) => [key, source[key]]));
}

/** Returns a path with a further key, as JavaScript writes it: `a.b`, or `a["b c"]` where that is needed. Never throws. */
export function joinPath(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Returns the values of every key that reads as `name` to the most lenient parser; see `foldKey`. Never throws. */
export function foldedValues(value: unknown, name: string): readonly unknown[] {
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => (foldKey(key) === name ? [each] : []));
}

/**
 * Returns what identifies a body: those of the keys that it has, as long as they hold no more than a word or number. More
 * than that may be the very text that was blocked. Never throws.
 */
export function pickNames(source: JsonObject, keys: readonly string[]): JsonObject {
  const isName = (value: unknown): boolean => {
    if (typeof value === 'string') return ONE_WORD.test(value);
    return value === null || typeof value !== 'object';
  };
  return Object.fromEntries(Object.entries(pick(source, keys)).filter(([, value]) => isName(value)));
}
