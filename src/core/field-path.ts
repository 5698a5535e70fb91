const KEY = '[^.[\\]*"]+';
const QUOTED = '\\["(?:[^"\\\\]|\\\\(?:["\\\\/bfnrt]|u[0-9a-fA-F]{4}))*"\\]';
const REST = `(?:\\.(?:\\*|${KEY})|\\[\\d*\\]|${QUOTED})*`;

/**
 * What a field path looks like: keys joined by dots, `[]` for every item of an array, `[3]` for one, `*` for every key, and
 * `["odd key"]`, such as `history[].text`, `data.*.answer` and `[].q`.
 */
export const FIELD_PATH = new RegExp(`^(?:\\*|${KEY}|\\[\\d*\\]|${QUOTED})${REST}$`);
