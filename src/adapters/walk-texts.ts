import { isJsonObject, type JsonObject, joinPath } from './json.js';

/** One place in a body that holds text, found once and used for reading and for writing alike. */
export interface TextPlace {
  /** Where it stands, as a JavaScript path; `a{"b"}` is the key `b` itself. Unique within one body. */
  readonly path: string;
  readonly role?: string;
  readonly text: string;
  /** Replaces the text in the value that was searched. */
  readonly write: (text: string) => void;
}

/** What of a body is text. */
export interface WalkOptions {
  /** Keys below which there is no text: numbers, bytes, tokens. */
  readonly opaque?: ReadonlySet<string>;
  /** Keys whose value is no text as long as it is one word: names, references. */
  readonly words?: ReadonlySet<string>;
  /** Keys of objects whose own keys are text too, at any depth: what a model names by itself. */
  readonly keyed?: ReadonlySet<string>;
}

interface Place {
  readonly path: string;
  readonly role?: string;
  readonly keyed: boolean;
}

/** Words of JSON Schema, which are no keys of anybody's choice. */
const SCHEMA_WORDS = new Set(
  ['type', 'properties', 'required', 'description', 'items', 'enum', 'title', 'default', 'format', 'anyOf'].concat([
    'additionalProperties',
    '$schema',
    '$defs',
    '$ref',
    'const',
    'allOf',
    'oneOf',
    'minimum',
    'maximum',
  ]),
);
const ONE_WORD = /^[\x21-\x7e]*$/;

/**
 * Returns every text of a JSON value, in its order: a backend or client may read keys that nobody here knows, so a string
 * is text unless its key says that it is none. Nesting has to be bounded by the caller. Never throws.
 */
export function walkTexts(value: unknown, options: WalkOptions = {}, path = ''): TextPlace[] {
  const places: TextPlace[] = [];
  const { opaque, words, keyed } = options;
  const member = (holder: JsonObject, key: string, at: Place): void => {
    const child = holder[key];
    if (typeof child !== 'string') {
      visit(child, at);
      return;
    }
    const write = (text: string): void => {
      holder[key] = text;
    };
    places.push({ path: at.path, ...roleOf(at), text: child, write });
  };
  const visit = (each: unknown, at: Place): void => {
    if (Array.isArray(each)) {
      const holder = each as unknown as JsonObject;
      for (const index of each.keys()) member(holder, String(index), { ...at, path: `${at.path}[${index}]` });
    } else if (isJsonObject(each)) {
      const { role } = each;
      const own = isWord(role) ? { ...at, role } : at;
      for (const key of Object.keys(each)) {
        if (opaque?.has(key) === true || (words?.has(key) === true && isWord(each[key]))) continue;
        member(each, key, { ...own, path: joinPath(at.path, key), keyed: at.keyed || keyed?.has(key) === true });
        // Behind its value, so that this is written before the key is another one.
        if (at.keyed && !SCHEMA_WORDS.has(key)) places.push(keyPlace(each, key, own));
      }
    }
  };
  visit(value, { path, keyed: false });
  return places;
}

function keyPlace(holder: JsonObject, key: string, at: Place): TextPlace {
  const write = (text: string): void => {
    const entries = Object.entries(holder);
    let name = text;
    while (Object.hasOwn(holder, name)) name += '_';
    for (const [each] of entries) delete holder[each];
    // Defined and not set, for a key may be `__proto__`.
    for (const [each, value] of entries) {
      Object.defineProperty(holder, each === key ? name : each, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
  };
  return { path: `${at.path}{${JSON.stringify(key)}}`, ...roleOf(at), text: key, write };
}

function roleOf({ role }: Place): { readonly role?: string } {
  return role === undefined ? {} : { role };
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && ONE_WORD.test(value);
}
