import type { UnscreenedPart, UnscreenedReason } from '../core/index.js';
import { dataUrlType } from './data-url.js';
import { BARE_DATA } from './event-data.js';
import { isJsonObject, type JsonObject, joinPath } from './json.js';

/** A string that no adapter reads as text. */
export interface UnreadString {
  readonly path: string;
  readonly value: string;
  /** What it is: `text` that could be judged, content that could not, or `undefined` for a name, a number or a reference. */
  readonly kind: UnscreenedReason | 'text' | undefined;
}

/** Keys whose string, whatever its length, stands for content that is not text: a reference to it, or its bytes. */
const CONTENT_KEYS: Readonly<Record<string, UnscreenedReason>> = {
  image_url: 'image',
  image: 'image',
  images: 'image',
  mask: 'image',
  b64_json: 'image',
  partial_image_b64: 'image',
  input_image: 'image',
  audio: 'audio',
  audio_url: 'audio',
  input_audio: 'audio',
  video: 'video',
  video_url: 'video',
  file_data: 'file',
  file_url: 'file',
  file_id: 'file',
  encrypted_content: 'binary',
  encrypted_stdout: 'binary',
};
/** Keys whose string is content when what stands around it says so. */
const BYTES_KEYS = new Set(['data', 'url', 'result', 'bytes', 'source']);
/** Keys whose one word is a reference or a proof, however long. */
const REFERENCE_KEYS = new Set(
  ['id', 'url', 'signature', 'thinking_signature', 'encrypted_index', 'obfuscation', 'embedding', 'next_page'].concat([
    'previous_response_id',
    'cursor',
  ]),
);
/** Keys below which text is repeated token by token. */
export const TOKEN_KEYS: ReadonlySet<string> = new Set(['logprobs', 'top_logprobs', 'prompt_logprobs']);
/** Keys whose list of whole numbers is text in tokens. */
const TOKEN_LISTS = new Set(['tokens', 'token_ids', 'prompt_token_ids', 'context', BARE_DATA]);
/** Keys of a request whose list of whole numbers is. */
const TOKEN_INPUTS = new Set(['prompt', 'input']);
const MEDIA_KEYS = ['media_type', 'mime_type', 'mimeType', 'type'];
const LETTER = /\p{L}/u;
const ONE_WORD = /^[\x21-\x7e]*$/;
/** How many objects around some bytes may say what they are: a part, its source, the source of that. */
const NEAR_HOLDERS = 3;
/** One word longer than this, UTF-16 units, is no name. */
const LONGEST_NAME_UNITS = 256;
/** Ways that the data of an event may name content that is not text. */
const MAY_HOLD_CONTENT = new RegExp(
  `"(?:${[...Object.keys(CONTENT_KEYS), ...BYTES_KEYS, ...TOKEN_KEYS, ...TOKEN_LISTS].join('|')})"\\s*:\\s*(?!\\[\\s*\\])[^\\s\\dn]`,
);
/** An escape that may spell a key. */
const ASCII_ESCAPE = /\\u00[2-7]/;
const MAY_HOLD_BYTES = new RegExp(`[\\x21\\x23-\\x7e]{${LONGEST_NAME_UNITS}}`);

/** Whether JSON text may hold content that is not text; quick, and right when it says no. Never throws. */
export function mayHoldContent(json: string): boolean {
  return (
    MAY_HOLD_CONTENT.test(json) ||
    ASCII_ESCAPE.test(json) ||
    (json.length > LONGEST_NAME_UNITS && MAY_HOLD_BYTES.test(json))
  );
}

/** Tells whether a string of a body is read as text. */
export type IsRead = (string: { readonly path: string; readonly value: string }) => boolean;

/** Returns every string that is not read, and every list of tokens, with what it is. O(body). Never throws. */
export function listUnread(body: unknown, isRead: IsRead): UnreadString[] {
  const unread: UnreadString[] = [];
  visit(body, { path: '', keys: [], holders: [] }, (value, place) => {
    const { path } = place;
    if (typeof value !== 'string') unread.push({ path, value: '', kind: 'tokens' });
    else if (!isRead({ path, value })) unread.push({ path, value, kind: kindOf(value, place) });
  });
  return unread;
}

/** Returns those that are content, as parts that are not judged. */
export function partsOf(unread: readonly UnreadString[]): UnscreenedPart[] {
  return unread.flatMap(({ path, kind }) =>
    kind === undefined || kind === 'text' ? [] : [{ field: path, reason: kind }],
  );
}

interface Place {
  readonly path: string;
  /** Keys from the body down, without positions in lists. */
  readonly keys: readonly string[];
  /** The objects around, the nearest last. */
  readonly holders: readonly JsonObject[];
}

function visit(value: unknown, place: Place, found: (value: unknown, place: Place) => void): void {
  if (typeof value === 'string') found(value, place);
  else if (typeof value === 'number' && place.keys.at(-1) === BARE_DATA) found(value, place);
  else if (Array.isArray(value)) {
    if (mayBeTokens(place.keys) && isTokens(value)) found(value, place);
    else {
      for (const [index, item] of value.entries()) visit(item, { ...place, path: `${place.path}[${index}]` }, found);
    }
  } else if (isJsonObject(value)) {
    const { path, keys, holders } = place;
    for (const key of Object.keys(value)) {
      const child = value[key];
      // Most members are numbers and nothing: no place is made for them.
      if (child === null || (typeof child !== 'string' && typeof child !== 'object' && key !== BARE_DATA)) continue;
      visit(child, { path: joinPath(path, key), keys: [...keys, key], holders: [...holders, value] }, found);
    }
  }
}

function mayBeTokens(keys: readonly string[]): boolean {
  const key = keys.at(-1) ?? '';
  return TOKEN_LISTS.has(key) || (keys.length === 1 && TOKEN_INPUTS.has(key));
}

function isTokens(list: readonly unknown[]): boolean {
  return list.length > 0 && list.every((item) => Number.isInteger(item));
}

function kindOf(value: string, { keys, holders }: Place): UnreadString['kind'] {
  if (value === '') return undefined;
  if (keys.some((key) => TOKEN_KEYS.has(key))) return 'tokens';
  const key = keys.at(-1) ?? '';
  const said = dataUrlType(value);
  if (said !== undefined) return reasonOfType(said) ?? 'file';
  const isWord = ONE_WORD.test(value.trim());
  const own = Object.hasOwn(CONTENT_KEYS, key) ? CONTENT_KEYS[key] : undefined;
  if (own !== undefined && isWord) return own;
  if (BYTES_KEYS.has(key) && isWord) {
    const around = reasonAround(keys, holders);
    if (around !== undefined) return around;
  }
  if (!LETTER.test(value)) return undefined;
  if (!isWord) return 'text';
  return value.length > LONGEST_NAME_UNITS && !REFERENCE_KEYS.has(key) ? 'binary' : undefined;
}

/** What the nearest objects around some bytes say they are, or else the keys above. */
function reasonAround(keys: readonly string[], holders: readonly JsonObject[]): UnscreenedReason | undefined {
  for (const holder of holders.slice(-NEAR_HOLDERS).reverse()) {
    for (const key of MEDIA_KEYS) {
      const said = holder[key];
      const reason = typeof said === 'string' ? reasonOfType(said.toLowerCase()) : undefined;
      if (reason !== undefined) return reason;
    }
  }
  for (const key of keys.slice(0, -1).reverse()) {
    const reason = reasonOfType(key) ?? (Object.hasOwn(CONTENT_KEYS, key) ? CONTENT_KEYS[key] : undefined);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** What a media type, or the name of a kind of content, stands for: `image/png`, `input_audio`, `document`. */
function reasonOfType(said: string): UnscreenedReason | undefined {
  if (/^(?:input_|output_)?image(?:[/_]|$)/.test(said)) return 'image';
  if (/^(?:input_|output_)?audio(?:[/_]|$)/.test(said)) return 'audio';
  if (/^(?:input_)?video(?:[/_]|$)/.test(said)) return 'video';
  if (/^(?:application\/|font\/|(?:input_)?file$|document$|container_upload$)/.test(said)) return 'file';
  return said === 'redacted_thinking' ? 'binary' : undefined;
}
