import { isJsonObject, type JsonObject, joinPath } from './json.js';
import { listJsonTexts, withJsonTexts } from './json-text-reader.js';

/** One place in a body or event that holds text, found once and used for reading and for writing alike. */
export interface MessagesSlot {
  readonly path: string;
  readonly role?: string;
  readonly text: string;
  /** Replaces the text in the value that was searched. */
  readonly write: (text: string) => void;
}

/** Keys whose value is no text as long as it is one word: names, references, bytes. */
const WORD_KEYS = new Set(
  ['id', 'type', 'role', 'model', 'object', 'tool_use_id', 'custom_id', 'file_id', 'skill_id', 'tool_id'].concat(
    ['request_id', 'user_id', 'user_profile_id', 'workspace_id', 'previous_message_id', 'container', 'version'],
    ['stop_reason', 'error_code', 'media_type', 'ttl', 'effort', 'service_tier', 'inference_geo', 'anthropic_version'],
    ['url', 'data', 'signature', 'encrypted_content', 'encrypted_index', 'encrypted_stdout', 'expires_at', 'file_type'],
  ),
);
/** Keys below which there is no text of its own. */
const NO_TEXT_KEYS = new Set(['usage']);
const ONE_WORD = /^[\x21-\x7e]*$/;

/**
 * Returns every text of a request of any of the message paths, batches included: the format nests one kind of block
 * anywhere in another, so every string is text unless its key says that it is none.
 */
export function readRequestSlots(body: unknown): MessagesSlot[] {
  return isJsonObject(body) ? readSlots(body, '') : [];
}

/** Returns every text of a whole answer; none for a body that is no answer. */
export function readAnswerSlots(body: unknown): MessagesSlot[] {
  return isJsonObject(body) && Array.isArray(body['content']) ? readSlots(body, '') : [];
}

/** Returns every text of a value that stands at `path`. */
export function readSlots(value: JsonObject | readonly unknown[], path: string): MessagesSlot[] {
  const slots: MessagesSlot[] = [];
  visit(value, { path, slots });
  return slots;
}

interface Place {
  readonly path: string;
  readonly role?: string;
  readonly slots: MessagesSlot[];
}

function visit(value: unknown, place: Place): void {
  if (Array.isArray(value)) {
    value.forEach((_, index) => {
      visitMember(value, index, { ...place, path: `${place.path}[${index}]` });
    });
  } else if (isJsonObject(value)) {
    const { role } = value;
    const spoken = typeof role === 'string' && isWord(role) ? { ...place, role } : place;
    for (const key of Object.keys(value)) {
      const own = key === 'system' ? { ...spoken, role: key } : spoken;
      const path = joinPath(place.path, key);
      if (isToolInput(value, key)) inputSlots(value, key, { ...own, path });
      else if (!isTextless(value, key)) visitMember(value, key, { ...own, path });
    }
  }
}

function visitMember(holder: JsonObject | unknown[], key: number | string, place: Place): void {
  const value: unknown = Reflect.get(holder, key);
  if (typeof value !== 'string') {
    visit(value, place);
    return;
  }
  const { slots, ...at } = place;
  slots.push({ ...at, text: value, write: (text) => void Reflect.set(holder, key, text) });
}

function isToolInput(holder: JsonObject, key: string): boolean {
  const type = holder['type'];
  return key === 'input' && typeof type === 'string' && type.endsWith('tool_use') && typeof holder[key] === 'object';
}

/**
 * Keys of the input are text of the model too, so they are screened, and stand in no path. No speaker: nobody reads a key
 * and its value as one text.
 */
function inputSlots(holder: JsonObject, key: string, { slots, path }: Place): void {
  const input = holder[key];
  const texts = listJsonTexts(input);
  for (const [index, text] of texts.entries()) {
    if (text === '') continue;
    const write = (replacement: string): void => {
      texts[index] = replacement;
      holder[key] = withJsonTexts(input, texts);
    };
    slots.push({ path: `${path}[${index}]`, text, write });
  }
}

function isTextless(holder: JsonObject, key: string): boolean {
  if (NO_TEXT_KEYS.has(key)) return true;
  // `data` is base64, except in a source that says it is plain text.
  if (key === 'data' && (holder['type'] === 'text' || String(holder['media_type']).startsWith('text/'))) return false;
  return WORD_KEYS.has(key) && isWord(holder[key]);
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && ONE_WORD.test(value);
}
