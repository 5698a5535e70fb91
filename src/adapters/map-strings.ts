import type { TextField } from '../core/index.js';
import { isJsonObject, joinPath } from './json.js';

/**
 * Returns a copy of a JSON value with every string in it replaced by what `replace` returns for it; keys stay.
 * For bodies whose shape nobody knows, such as errors. Nesting has to be bounded by the caller.
 */
export function mapStrings(value: unknown, replace: (text: string, path: string) => string, path = ''): unknown {
  if (typeof value === 'string') return replace(value, path);
  if (Array.isArray(value)) return value.map((item: unknown, index) => mapStrings(item, replace, `${path}[${index}]`));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    return [key, mapStrings(item, replace, joinPath(path, key))] as const;
  });
  return Object.fromEntries(entries);
}

/** Returns every string of a JSON value with its path, as `mapStrings` visits them. */
export function listStrings(value: unknown, path = ''): TextField[] {
  const fields: TextField[] = [];
  mapStrings(
    value,
    (text, at) => {
      fields.push({ path: at, text });
      return text;
    },
    path,
  );
  return fields;
}
