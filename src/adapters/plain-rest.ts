import type { TextField } from '../core/index.js';
import { mapStrings } from './map-strings.js';
import type { FieldText } from './plain-fields.js';
import { listUnread } from './unscreened-parts.js';

/** Returns the texts of a value that are none of these: no field path names them, and each is judged by itself. Never throws. */
export function readRestTexts(value: unknown, fields: readonly FieldText[]): TextField[] {
  const named = new Set(fields.map(({ place }) => place));
  const rest = listUnread(value, ({ path }) => named.has(path));
  return rest.flatMap(({ path, value: text, kind }) => (kind === 'text' ? [{ path, text }] : []));
}

/** Returns a copy of a value with an empty text in place of each that is none of these. Never throws. */
export function withoutRestTexts(value: unknown, fields: readonly FieldText[]): unknown {
  const rest = new Set(readRestTexts(value, fields).map(({ path }) => path));
  return mapStrings(value, (text, path) => (rest.has(path) ? '' : text));
}
