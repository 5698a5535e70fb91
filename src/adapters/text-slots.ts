import type { TextField } from '../core/index.js';
import { readTextDataUrl } from './data-url.js';
import { isJsonObject, type JsonObject, joinPath } from './json.js';
import { JsonPiece } from './json-piece.js';
import { decodeJsonSource, encodeJsonSource, looksLikeJson } from './json-source.js';
import { JsonTextReader, listJsonTexts, withJsonTexts } from './json-text-reader.js';
import { TOKEN_KEYS } from './unscreened-parts.js';

/** One place in a body or event that holds text, found once and used for reading and for writing alike. */
export interface TextSlot {
  readonly path: string;
  /** What the nearest object around it says under `role`. */
  readonly role?: string;
  /** The text as whoever reads the body will see it. */
  readonly text: string;
  /** The object or array that the text is a member of. */
  readonly holder: JsonObject | unknown[];
  /** Replaces the text in the value that was searched. */
  readonly write: (text: string) => void;
}

/** What a format says of its keys. Every string under any other key is text. */
export interface TextRules {
  /** Keys whose value is no text as long as it is one word: names of the format, references, bytes. */
  readonly words: ReadonlySet<string>;
  /** Keys below which one word is no text either: numbers and bytes. */
  readonly textless: ReadonlySet<string>;
  /** Keys whose value is the source of a JSON value: its keys and strings are texts, each by itself. */
  readonly json?: ReadonlySet<string>;
  /** Keys whose value is itself a JSON value of somebody's making: its keys and strings are texts, numbered as in its source. */
  readonly values?: ReadonlySet<string>;
  /** Keys of objects whose own keys were chosen by somebody, and are texts too. */
  readonly named?: ReadonlySet<string>;
  /** Keys of objects of some types that hold bytes, by the type. */
  readonly bytes?: ReadonlyMap<string, string>;
}

/** Where to look for texts. */
export interface TextSlotsOptions {
  readonly rules: TextRules;
  /** Where the value stands. */
  readonly path?: string;
  /** Keys of the value itself that are not looked at. */
  readonly without?: ReadonlySet<string>;
  /** Whether strings may be pieces of longer texts: then what is JSON source cannot be told, and each is read as it stands. */
  readonly inPieces?: boolean;
}

/** Keys of JSON Schema whose own keys are names that somebody chose. */
export const SCHEMA_NAME_KEYS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependentRequired',
]);

const ONE_WORD = /^[\x21-\x7e]*$/;
const MAY_BE_URL = /^\s*data:/i;

/**
 * Returns every text of a value, in the order of the value; each path once. Names that somebody chose stand in no path, for
 * paths are recorded: they are numbered instead. O(value). Nesting has to be bounded by the caller. Never throws.
 */
export function readTextSlots(value: unknown, options: TextSlotsOptions): TextSlot[] {
  const walk = new TextWalk(options);
  walk.visit(value, { path: options.path ?? '', role: undefined }, options.without);
  return walk.slots;
}

/** Returns what a slot tells of its text. */
export function fieldOf({ path, role, text }: TextSlot): TextField {
  return { path, ...(role === undefined ? {} : { role }), text };
}

interface Place {
  readonly path: string;
  readonly role: string | undefined;
}

/** Where a member stands in its holder. */
interface Member {
  readonly holder: JsonObject | unknown[];
  /** Returns its key or index; that of a named one may change. */
  readonly key: () => string | number;
}

/** The keys of an object, in their order, as they are by now. */
interface Names {
  readonly holder: JsonObject;
  readonly names: string[];
}

class TextWalk {
  readonly slots: TextSlot[] = [];
  readonly #rules: TextRules;
  readonly #inPieces: boolean;

  constructor({ rules, inPieces = false }: TextSlotsOptions) {
    this.#rules = rules;
    this.#inPieces = inPieces;
  }

  visit(value: unknown, place: Place, without?: ReadonlySet<string>): void {
    if (Array.isArray(value)) {
      const { path, role } = place;
      for (let index = 0; index < value.length; index += 1) {
        const member = { holder: value, key: () => index };
        this.#visitMember(value[index], member, { path: `${path}[${index}]`, role });
      }
    } else if (isJsonObject(value)) {
      const { role } = value;
      const own = typeof role === 'string' && isWord(role) ? { ...place, role } : place;
      const bytes = typeof value['type'] === 'string' ? this.#rules.bytes?.get(value['type']) : undefined;
      const keys = Object.keys(value);
      for (const key of keys) {
        if (key !== bytes && without?.has(key) !== true) this.#visitKey(value, key, own);
      }
      this.#visitOddKeys({ holder: value, names: keys }, own);
    }
  }

  /** A key that is no name may say anything. Behind what stands below it, for whoever replaces one moves that. */
  #visitOddKeys({ holder, names }: Names, { path, role }: Place): void {
    for (const [index, key] of names.entries()) {
      if (isWord(key)) continue;
      const write = (left: string): void => rename({ holder, names }, index, left);
      this.#push({ path: `${path}{${index}}`, role }, holder, { text: key, write });
    }
  }

  #visitKey(holder: JsonObject, key: string, { path, role }: Place): void {
    const value = holder[key];
    // Most members are numbers and names of the format: they go before a path is made.
    if (value === null || (typeof value !== 'string' && typeof value !== 'object')) return;
    const { words, textless, json, values, named } = this.#rules;
    if (textless.has(key)) {
      // Tokens are accounted for as such, and go where the text that they repeat is changed.
      if (!TOKEN_KEYS.has(key))
        this.#visitBytes({ holder, key: () => key }, value, { path: joinPath(path, key), role });
      return;
    }
    const isName = words.has(key) && isWord(value);
    if (isName && key !== 'data' && !MAY_BE_URL.test(String(value))) return;
    const at = { path: joinPath(path, key), role };
    const member = { holder, key: () => key };
    if (typeof value !== 'string') {
      if (named?.has(key) === true && isJsonObject(value)) this.#visitNamed(value, at);
      else if (values?.has(key) === true) this.#visitValue(holder, key, at);
      else this.visit(value, at);
    } else if (!this.#inPieces && json?.has(key) === true) this.#visitSource(holder, key, at);
    else if (key === 'data' && isDocument(holder)) this.#visitDocument(holder, value, at);
    else if (isName) this.#visitDataUrl(member, value, at);
    else this.#visitMember(value, member, at);
  }

  #visitMember(value: unknown, member: Member, place: Place): void {
    if (typeof value !== 'string') {
      this.visit(value, place);
      return;
    }
    const { holder, key } = member;
    const put = (text: string): void => void Reflect.set(holder, key(), text);
    if (this.#inPieces) this.#push(place, holder, { text: value, write: put });
    else if (!this.#visitDataUrl(member, value, place)) {
      // Whoever parses it will see what its escapes stand for.
      const isSource = value.includes('\\') && looksLikeJson(value);
      const text = isSource ? decodeJsonSource(value) : value;
      this.#push(place, holder, { text, write: isSource ? (left) => put(encodeJsonSource(left)) : put });
    }
  }

  /** Where bytes and numbers are meant to be, words among others are text all the same. */
  #visitBytes(member: Member, value: unknown, { path, role }: Place): void {
    if (typeof value === 'string') {
      if (!isWord(value)) this.#visitMember(value, member, { path, role });
      else if (!this.#inPieces) this.#visitDataUrl(member, value, { path, role });
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) {
        // Vectors are long lists of numbers.
        if (typeof item === 'number') continue;
        this.#visitBytes({ holder: value, key: () => index }, item, { path: `${path}[${index}]`, role });
      }
    } else if (isJsonObject(value)) {
      const names = Object.keys(value);
      for (const key of names) {
        this.#visitBytes({ holder: value, key: () => key }, value[key], { path: joinPath(path, key), role });
      }
      this.#visitOddKeys({ holder: value, names }, { path, role });
    }
  }

  /** Returns whether the value is a data URL that holds text. */
  #visitDataUrl({ holder, key }: Member, value: string, place: Place): boolean {
    const url = MAY_BE_URL.test(value) ? readTextDataUrl(value) : undefined;
    if (url === undefined) return false;
    this.#push(place, holder, { text: url.text, write: (text) => void Reflect.set(holder, key(), url.write(text)) });
    return true;
  }

  #visitDocument(holder: JsonObject, data: string, place: Place): void {
    const set = (text: string): void => {
      holder['data'] = text;
    };
    if (holder['type'] !== 'base64' || !isWord(data)) {
      this.#push(place, holder, { text: data, write: set });
      return;
    }
    const url = readTextDataUrl(`data:${String(holder['media_type'])};base64,${data}`);
    if (url === undefined) return;
    this.#push(place, holder, { text: url.text, write: (text) => set(url.write(text).replace(/^[^,]*,/, '')) });
  }

  #visitSource(holder: JsonObject, key: string, { path, role }: Place): void {
    const source = String(holder[key]);
    const piece = new JsonPiece(new JsonTextReader(), source);
    const texts = new Map<string, string>();
    for (const { name, text } of piece.texts) {
      const write = (left: string): void => {
        texts.set(name, left);
        holder[key] = piece.write(texts) ?? source;
      };
      this.#push({ path: path + name, role }, holder, { text, write });
    }
  }

  #visitValue(holder: JsonObject, key: string, { path, role }: Place): void {
    const value = holder[key];
    const texts = listJsonTexts(value);
    for (const [index, text] of texts.entries()) {
      const write = (left: string): void => {
        texts[index] = left;
        holder[key] = withJsonTexts(value, texts);
      };
      if (text !== '') this.#push({ path: `${path}[${index}]`, role }, holder, { text, write });
    }
  }

  #visitNamed(holder: JsonObject, { path, role }: Place): void {
    const names = Object.keys(holder);
    for (const [index, name] of names.entries()) {
      const text = { text: name, write: (left: string) => rename({ holder, names }, index, left) };
      this.#push({ path: `${path}.names[${index}]`, role }, holder, text);
      const member = { holder, key: () => names[index] ?? name };
      this.#visitMember(holder[name], member, { path: `${path}[${index}]`, role });
    }
  }

  #push({ path, role }: Place, holder: TextSlot['holder'], { text, write }: Pick<TextSlot, 'text' | 'write'>): void {
    this.slots.push(role === undefined ? { path, text, holder, write } : { path, role, text, holder, write });
  }
}

/** Whether `data` beside it is the content of a document: text as it is, or bytes in base64. */
function isDocument({ type, media_type: mediaType }: JsonObject): boolean {
  return typeof mediaType === 'string' || type === 'text';
}

/** The order of the keys stays, and no member is lost when two names become equal. */
function rename({ holder, names }: Names, index: number, text: string): void {
  if (names[index] === text) return;
  const values = names.map((name) => holder[name]);
  for (const name of names) delete holder[name];
  names[index] = names.includes(text) ? `${text}${index}` : text;
  for (const [position, name] of names.entries()) {
    // Defined and not set, for a key may be `__proto__`.
    const property = { value: values[position], writable: true, enumerable: true, configurable: true };
    Object.defineProperty(holder, name, property);
  }
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && ONE_WORD.test(value);
}
