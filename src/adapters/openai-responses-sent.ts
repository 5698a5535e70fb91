import { asArray, isJsonObject, type JsonObject } from './json.js';

const DELTA = /^response\.(.+)\.delta$/;
/** Where the deltas of an item itself go. */
const ITEM_KEYS: Readonly<Record<string, string>> = {
  function_call_arguments: 'arguments',
  mcp_call_arguments: 'arguments',
  custom_tool_call_input: 'input',
  code_interpreter_call_code: 'code',
};

/** JSON source that no client takes for complete. */
const HALF = '{';

/** An item as the client has it. */
interface SentItem {
  item: JsonObject;
  open: boolean;
  /** The parts that are open, by the event that began them and their position. */
  readonly parts: Map<string, OpenPart>;
}

interface OpenPart {
  readonly list: 'content' | 'summary';
  readonly index: number;
  /** Whether the text of the part was told to be done. */
  textDone: boolean;
}

/** What a client has of a streamed response: built up from the events that left, as the client does. */
export class SentResponse {
  #response: JsonObject | undefined;
  readonly #items = new Map<number, SentItem>();

  /** The response without its output; `undefined` before the client knows of it. */
  get response(): JsonObject | undefined {
    return this.#response;
  }

  /** The items that the client has. */
  get output(): readonly JsonObject[] {
    return [...this.#items].sort(([left], [right]) => left - right).map(([, { item }]) => item);
  }

  /** The index of an item behind all that the client knows. */
  get nextIndex(): number {
    return Math.max(-1, ...this.#items.keys()) + 1;
  }

  /** Whether the client knows the item and the part that an event is about. */
  accepts({ output_index: index, content_index: content, summary_index: summary }: JsonObject): boolean {
    const item = this.#items.get(Number(index))?.item;
    if (item === undefined) return false;
    if (typeof summary === 'number') return asArray(item['summary'])[summary] !== undefined;
    return typeof content !== 'number' || asArray(item['content'])[content] !== undefined;
  }

  /** Notes an event that leaves. */
  note(value: JsonObject): void {
    const { type, response, output_index: index } = value;
    if (isJsonObject(response)) this.#response = response;
    if (typeof type !== 'string' || typeof index !== 'number') return;
    if (type === 'response.output_item.added') this.#begin(index, value['item']);
    const sent = this.#items.get(index);
    if (sent === undefined) return;
    if (type === 'response.output_item.done' && isJsonObject(value['item'])) {
      sent.item = value['item'];
      sent.open = false;
    } else if (DELTA.test(type)) append(sent.item, value);
    else notePart(sent, value);
  }

  /** Returns the events that close what is open; a half tool call is closed as incomplete, and not told to be done. */
  close(): JsonObject[] {
    return [...this.#items]
      .filter(([, { open }]) => open)
      .sort(([left], [right]) => left - right)
      .flatMap(([index, sent]) => closeItem(index, sent));
  }

  #begin(index: number, item: unknown): void {
    if (!isJsonObject(item)) return;
    this.#items.set(index, { item: structuredClone(item), open: true, parts: new Map() });
  }
}

function notePart(sent: SentItem, value: JsonObject): void {
  const type = String(value['type']);
  const list = value['summary_index'] === undefined ? 'content' : 'summary';
  const index = Number(value[`${list}_index`]);
  if (!Number.isSafeInteger(index)) return;
  const { part } = value;
  const name = `${list}[${index}]`;
  const isPart = /^response\.(?:content|reasoning_summary)_part\./.test(type);
  if (isPart && isJsonObject(part)) {
    partsOf(sent.item, list)[index] = { ...part };
    if (type.endsWith('.added')) sent.parts.set(name, { list, index, textDone: false });
    else sent.parts.delete(name);
  } else if (type.endsWith('.done')) {
    const open = sent.parts.get(name);
    if (open !== undefined) open.textDone = true;
  }
}

function append(item: JsonObject, value: JsonObject): void {
  const { delta, content_index: content, summary_index: summary } = value;
  if (typeof delta !== 'string') return;
  const kind = DELTA.exec(String(value['type']))?.[1] ?? '';
  const key = ITEM_KEYS[kind];
  if (key !== undefined) {
    item[key] = String(item[key] ?? '') + delta;
    return;
  }
  const part =
    typeof summary === 'number' ? asArray(item['summary'])[summary] : asArray(item['content'])[Number(content)];
  const textKey = kind === 'refusal' ? 'refusal' : 'text';
  if (isJsonObject(part)) part[textKey] = String(part[textKey] ?? '') + delta;
}

function closeItem(index: number, { item, parts }: SentItem): JsonObject[] {
  const at = { output_index: index, item_id: item['id'] };
  const closed = [...parts.values()].flatMap((open) => closePart(at, { item, open }));
  // No arguments at all would pass for those of a call that needs none.
  const empty = item['type'] === 'function_call' && item['arguments'] === '';
  const half = empty ? [{ type: 'response.function_call_arguments.delta', ...at, delta: HALF }] : [];
  const done = { ...item, ...(empty ? { arguments: HALF } : {}), status: 'incomplete' };
  return [...closed, ...half, { type: 'response.output_item.done', output_index: index, item: done }];
}

function closePart(
  at: JsonObject,
  { item, open }: { readonly item: JsonObject; readonly open: OpenPart },
): JsonObject[] {
  const { list, index, textDone } = open;
  const part = partsOf(item, list)[index];
  if (!isJsonObject(part)) return [];
  const place = { ...at, [`${list}_index`]: index };
  if (list === 'summary') {
    const { text } = part;
    const said = textDone ? [] : [{ type: 'response.reasoning_summary_text.done', ...place, text }];
    return [...said, { type: 'response.reasoning_summary_part.done', ...place, part }];
  }
  const key = part['type'] === 'refusal' ? 'refusal' : 'text';
  const logprobs = part['type'] === 'output_text' ? { logprobs: [] } : {};
  const said = textDone
    ? []
    : [{ type: `response.${String(part['type'])}.done`, ...place, [key]: part[key], ...logprobs }];
  return [...said, { type: 'response.content_part.done', ...place, part }];
}

function partsOf(item: JsonObject, list: 'content' | 'summary'): unknown[] {
  const found = item[list];
  if (Array.isArray(found)) return found;
  const made: unknown[] = [];
  item[list] = made;
  return made;
}
