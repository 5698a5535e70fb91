import type { Direction, TextEdit, TextField, UnscreenedPart } from '../core/index.js';
import type { Adapter } from './adapter.js';
import { readTextDataUrl, type TextDataUrl } from './data-url.js';
import { unknownFields } from './known-keys.js';
import { mapStrings } from './map-strings.js';
import { type IsRead, listUnread, partsOf } from './unscreened-parts.js';

const JSON_SOURCE = /^\s*[[{"]/;

/** Everything that a body carries: what is judged, and what is not. */
export interface BodyTexts {
  /** Texts to judge; paths are unique. */
  readonly fields: readonly TextField[];
  /** What is forwarded without being judged. */
  readonly unscreened: readonly UnscreenedPart[];
  /** Paths of the texts that stand under a key which the format does not know; looked for when asked. */
  readonly unknown: readonly string[];
  /** Returns a copy of the body with the texts at the paths of the edits replaced. */
  write(edits: readonly TextEdit[]): unknown;
}

/**
 * Accounts for every string of a body: what the adapter leaves out is judged too if it is text, also text in a `data:` URL
 * that passes for bytes. O(body). Never throws.
 */
export function readBodyTexts(adapter: Adapter, body: unknown, direction: Direction): BodyTexts {
  const own = adapter.readTexts(body, direction);
  const ownPaths = new Set(own.map(({ path }) => path));
  const ownTexts = new Set(own.map(({ text }) => text));
  const urls = new Map<string, TextDataUrl>();
  const decode = (path: string, value: string): string => {
    const url = readTextDataUrl(value);
    if (url !== undefined) urls.set(path, url);
    return url?.text ?? value;
  };
  const fields = own.map((field) => ({ ...field, text: decode(field.path, field.text) }));
  /** Texts that say the same as one of the adapter's, which may call that very place by another name. */
  const twins = new Set<string>();
  const unscreened = partsOf(
    listUnread(body, readerOf(own)).filter(({ path, value, kind }) => {
      // Numbers of texts in a JSON value may be those of its items.
      const isOwn = ownPaths.has(path);
      const text = isOwn ? value : decode(path, value);
      const isText = !isOwn && (kind === 'text' || urls.has(path));
      const isTwin = ownTexts.has(value);
      if (isText && isTwin) twins.add(path);
      else if (isText) fields.push({ path, text });
      return !isText && !(isTwin && kind === 'binary');
    }),
  );
  return {
    fields,
    unscreened,
    get unknown() {
      return unknownFields(adapter.name, fields);
    },
    write(edits) {
      const edited = new Map(edits.map(({ path, text }) => [path, urls.get(path)?.write(text) ?? text]));
      const ofOwn = [...edited].filter(([path]) => ownPaths.has(path)).map(([path, text]) => ({ path, text }));
      if (twins.size === 0 && ofOwn.length === edited.size) return adapter.writeTexts(body, ofOwn);
      const byText = new Map(own.flatMap(({ path, text }) => (edited.has(path) ? [[text, edited.get(path)]] : [])));
      // First, for an adapter may change keys, and with them the places of what stands below.
      const others = mapStrings(body, (text, path) => {
        if (twins.has(path)) return byText.get(text) ?? text;
        return ownPaths.has(path) ? text : (edited.get(path) ?? text);
      });
      return adapter.writeTexts(others, ofOwn);
    },
  };
}

/** Returns the function that tells whether a string is read: at its place, or because it is JSON source read text by text. */
export function readerOf(fields: readonly TextField[]): IsRead {
  const paths = new Set(fields.map(({ path }) => path));
  let above: ReadonlySet<string> | undefined;
  return ({ path, value }) => {
    if (paths.has(path)) return true;
    if (!JSON_SOURCE.test(value)) return false;
    above ??= new Set(fields.flatMap((field) => placesAbove(field.path)));
    return above.has(path);
  };
}

function placesAbove(path: string): string[] {
  return [...path.matchAll(/(?!^)[.[{]/g)].map(({ index }) => path.slice(0, index));
}
