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
