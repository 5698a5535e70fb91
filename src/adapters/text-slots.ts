import type { TextField } from '../core/index.js';
import { readTextDataUrl } from './data-url.js';
import { isJsonObject, type JsonObject, joinPath } from './json.js';
import { JsonPiece } from './json-piece.js';
import { JsonTextReader, listJsonTexts, withJsonTexts } from './json-text-reader.js';

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
  /** Keys below which there is no text of its own. */
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

/**
 * Returns every text of a value that stands at `path`, in the order of the value; each path once. A text that somebody
 * chose stands in no path, for paths are recorded: names are numbered instead. O(value). Never throws.
 */
export function readTextSlots(value: unknown, { rules, path = '', without }: TextSlotsOptions): TextSlot[] {
  const slots: TextSlot[] = [];
  visit(value, { path, rules, slots }, without);
  return slots;
}

/** Returns what a slot tells of its text. */
export function fieldOf({ path, role, text }: TextSlot): TextField {
  return { path, ...(role === undefined ? {} : { role }), text };
}

interface Place {
  readonly path: string;
  readonly role?: string;
  readonly rules: TextRules;
  readonly slots: TextSlot[];
}

/** Where a member stands in its holder; the key of a named one may change. */
interface Member {
  readonly holder: JsonObject | unknown[];
  readonly key: () => string | number;
}

function visit(value: unknown, place: Place, without?: ReadonlySet<string>): void {
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      visitMember(item, { holder: value, key: () => index }, { ...place, path: `${place.path}[${index}]` });
    });
  } else if (isJsonObject(value)) {
    const { role } = value;
    const own = typeof role === 'string' && isWord(role) ? { ...place, role } : place;
    const bytes = typeof value['type'] === 'string' ? place.rules.bytes?.get(value['type']) : undefined;
    for (const key of Object.keys(value)) if (key !== bytes && without?.has(key) !== true) visitKey(value, key, own);
  }
}

function visitKey(holder: JsonObject, key: string, place: Place): void {
  const { rules } = place;
  const value = holder[key];
  if (rules.textless.has(key)) return;
  const at = { ...place, path: joinPath(place.path, key) };
  if (rules.named?.has(key) === true && isJsonObject(value)) visitNamed(value, at);
  else if (rules.json?.has(key) === true && typeof value === 'string') visitJson(holder, { key, source: value }, at);
  else if (rules.values?.has(key) === true && typeof value === 'object') visitValue(holder, key, at);
  else if (key === 'data' && typeof value === 'string' && isSource(holder)) visitSource(holder, value, at);
  else if (rules.words.has(key) && isWord(value)) visitDataUrl({ holder, key: () => key }, String(value), at);
  else visitMember(value, { holder, key: () => key }, at);
}

function visitMember(value: unknown, member: Member, place: Place): void {
  if (typeof value !== 'string') visit(value, place);
  else if (!visitDataUrl(member, value, place))
    push(place, member.holder, { text: value, write: (text) => put(member, text) });
}

/** Returns whether the value is a data URL that holds text. */
function visitDataUrl(member: Member, value: string, place: Place): boolean {
  const url = readTextDataUrl(value);
  if (url !== undefined) push(place, member.holder, { text: url.text, write: (text) => put(member, url.write(text)) });
  return url !== undefined;
}

function visitJson(holder: JsonObject, { key, source }: { key: string; source: string }, place: Place): void {
  const piece = new JsonPiece(new JsonTextReader(), source);
  const texts = new Map<string, string>();
  for (const { name, text } of piece.texts) {
    const write = (replacement: string): void => {
      texts.set(name, replacement);
      holder[key] = piece.write(texts) ?? source;
    };
    push({ ...place, path: place.path + name }, holder, { text, write });
  }
}

function visitValue(holder: JsonObject, key: string, place: Place): void {
  const value = holder[key];
  const texts = listJsonTexts(value);
  for (const [index, text] of texts.entries()) {
    if (text === '') continue;
    const write = (replacement: string): void => {
      texts[index] = replacement;
      holder[key] = withJsonTexts(value, texts);
    };
    push({ ...place, path: `${place.path}[${index}]` }, holder, { text, write });
  }
}

/** Whether `data` beside it is the content of a document: text as it is, or bytes in base64. */
function isSource({ type, media_type: mediaType }: JsonObject): boolean {
  return typeof mediaType === 'string' || type === 'text';
}

function visitSource(holder: JsonObject, data: string, place: Place): void {
  const set = (text: string): void => {
    holder['data'] = text;
  };
  if (holder['type'] !== 'base64' || !isWord(data)) {
    push(place, holder, { text: data, write: set });
    return;
  }
  const url = readTextDataUrl(`data:${String(holder['media_type'])};base64,${data}`);
  if (url === undefined) return;
  push(place, holder, { text: url.text, write: (text) => set(url.write(text).replace(/^[^,]*,/, '')) });
}

function visitNamed(holder: JsonObject, place: Place): void {
  const names = Object.keys(holder);
  names.forEach((name, index) => {
    const write = (text: string): void => rename(holder, names, { index, text });
    push({ ...place, path: `${place.path}.names[${index}]` }, holder, { text: name, write });
    const member = { holder, key: () => names[index] ?? name };
    visitMember(holder[name], member, { ...place, path: `${place.path}[${index}]` });
  });
}

/** The order of the keys stays, and no member is lost when two names become equal. */
function rename(holder: JsonObject, names: string[], { index, text }: { index: number; text: string }): void {
  const entries = Object.entries(holder);
  names[index] = names.includes(text) ? `${text}${index}` : text;
  for (const [key] of entries) delete holder[key];
  for (const [position, [, value]] of entries.entries()) holder[names[position] ?? ''] = value;
}

function push({ path, role, slots }: Place, holder: TextSlot['holder'], found: Pick<TextSlot, 'text' | 'write'>): void {
  slots.push({ path, ...(role === undefined ? {} : { role }), holder, ...found });
}

function put({ holder, key }: Member, text: string): void {
  Reflect.set(holder, key(), text);
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && ONE_WORD.test(value);
}
