import { FIELD_PATH } from '../core/index.js';
import { isJsonObject, joinPath, parseJson } from './json.js';

/** One step of a field path: a key, every key (`*`), or one item or all items of an array. */
type Step =
  | { readonly key: string }
  | { readonly everyKey: true }
  | { readonly item: number }
  | { readonly every: true };

/** A parsed field path, such as `history[].text`. */
export type FieldPath = readonly Step[];

/** A string that a field path led to. */
export interface FieldText {
  /** Where it stands: keys that the field path names, and numbers; empty for a body that is a string. */
  readonly path: string;
  /** The same as a JavaScript path, whoever chose the keys; not to be recorded. */
  readonly place: string;
  readonly text: string;
  /** Replaces the string in the body that was searched. */
  readonly write: (text: string) => void;
}

const STEP = /(?:^|\.)(?:(\*)|([^.[\]*"]+))|\[(\d*)\]|\["((?:[^"\\]|\\.)*)"\]/g;

/** Returns a field path as steps; `undefined` when the text is none. */
export function parseFieldPath(text: string): FieldPath | undefined {
  if (!FIELD_PATH.test(text)) return undefined;
  return [...text.matchAll(STEP)].map(([, everyKey, key, item, quoted]): Step => {
    if (everyKey !== undefined) return { everyKey: true };
    if (key !== undefined) return { key };
    if (quoted !== undefined) return { key: String(parseJson(`"${quoted}"`)) };
    return item === '' || item === undefined ? { every: true } : { item: Number(item) };
  });
}

/**
 * Returns every string that the paths lead to, in the order of the paths, each once. A path that ends at an object or an
 * array means every string in it. O(size of what the paths lead through). Never throws.
 */
export function readFieldTexts(body: unknown, paths: readonly FieldPath[]): FieldText[] {
  const found: FieldText[] = [];
  const taken = new Map<object, Set<string>>();
  const root = { value: body };
  for (const steps of paths) {
    let places: readonly Place[] = [{ path: '', place: '', holder: root, key: 'value' }];
    for (const step of steps) places = places.flatMap((place) => stepsInto(place, step));
    for (const { path, place, holder, key } of places.flatMap(stringsIn)) {
      const keys = taken.get(holder) ?? new Set();
      if (keys.has(key)) continue;
      taken.set(holder, keys.add(key));
      const write = (text: string): void => {
        holder[key] = text;
      };
      found.push({ path, place, text: String(holder[key]), write });
    }
  }
  return found;
}

/** Returns a body that holds only this text, where the path leads to; under the key `text` where the path does not say it. */
export function fillField(steps: FieldPath | undefined, text: string): unknown {
  return (steps ?? [{ everyKey: true }]).reduceRight<unknown>((below, step) => {
    if ('every' in step || 'item' in step) return [below];
    return { ['key' in step ? step.key : 'text']: below };
  }, text);
}

/** A value by the object or array that holds it, so that it can be replaced. */
interface Place {
  readonly path: string;
  readonly place: string;
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function stepsInto(place: Place, step: Step): Place[] {
  const value = place.holder[place.key];
  if ('key' in step) {
    if (!isJsonObject(value) || !Object.hasOwn(value, step.key)) return [];
    const { key } = step;
    return [{ path: joinPath(place.path, key), place: joinPath(place.place, key), holder: value, key }];
  }
  if ('everyKey' in step) return isJsonObject(value) ? children(place, value) : [];
  if (!Array.isArray(value)) return [];
  const items = children(place, value);
  return 'item' in step ? items.slice(step.item, step.item + 1) : items;
}

function stringsIn(place: Place): Place[] {
  const value = place.holder[place.key];
  if (typeof value === 'string') return [place];
  return typeof value === 'object' && value !== null ? children(place, value).flatMap(stringsIn) : [];
}

/** A key that no field path names stands in no path, for paths are recorded and somebody chose it: it is numbered. */
function children({ path, place }: Place, value: object): Place[] {
  const holder = value as Record<string, unknown>;
  const below = (key: string): string => (Array.isArray(value) ? `${place}[${key}]` : joinPath(place, key));
  return Object.keys(value).map((key, index) => ({ path: `${path}[${index}]`, place: below(key), holder, key }));
}
