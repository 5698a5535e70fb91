import { StreamError } from '../core/index.js';
import type { StreamEvent } from '../framing/index.js';
import { parseEventData } from './event-data.js';
import { isJsonObject, type JsonObject } from './json.js';
import { JsonPiece } from './json-piece.js';
import { JsonTextReader } from './json-text-reader.js';
import { unknownFields } from './known-keys.js';
import { type OddText, standsAtPath } from './odd-runs.js';
import { OPENAI_TEXT_RULES } from './openai-text-rules.js';
import { readTextSlots, type TextSlot } from './text-slots.js';

/** Where the texts of an event are about: a part of a message, a part of a reasoning summary, or the item itself. */
type Scope = 'content' | 'summary' | 'item';

/** The runs of text that are streamed: what their events are called, and where the text stands in the response. */
const RUNS: Readonly<Record<string, { readonly scope: Scope; readonly key: string; readonly json?: true }>> = {
  'response.output_text': { scope: 'content', key: 'text' },
  'response.refusal': { scope: 'content', key: 'refusal' },
  'response.reasoning_text': { scope: 'content', key: 'text' },
  'response.reasoning_summary_text': { scope: 'summary', key: 'text' },
  'response.function_call_arguments': { scope: 'item', key: 'arguments', json: true },
  'response.mcp_call_arguments': { scope: 'item', key: 'arguments', json: true },
  'response.custom_tool_call_input': { scope: 'item', key: 'input' },
  'response.code_interpreter_call_code': { scope: 'item', key: 'code' },
};
/** Texts that an item or part may begin with, and its deltas go on with. */
const BEGINNING = /\.(?:content\[\d+\]\.(?:text|refusal)|summary\[\d+\]\.text|input|code)$/;
/** Events that come once for what they are about, and repeat a text of it or carry it whole. */
const COMES_ONCE =
  /\.(?:added|done|completed|created|queued|in_progress|incomplete|failed|cancelled|searching|interpreting|generating)$/;
const NOT_OF_A_DELTA = new Set(['delta', 'logprobs', 'sequence_number', 'obfuscation']);
/** Keys that hold no text of the event itself: the response has its own places, and the pieces of audio are bytes. */
const APART = new Set(['type', 'response']);
const APART_OF_AUDIO = new Set([...APART, 'delta']);

/** A text of an event, named as its place in the whole response is. */
export interface PlacedSlot extends TextSlot {
  readonly place: string;
}

/** A piece of JSON source, whose texts are channels named after `place`. */
export interface PlacedPiece extends PlacedSlot {
  readonly piece: JsonPiece;
}

/** Returns the data of an event that carries this text of a run and no other. */
export type MakeDelta = (text: string) => JsonObject;

/** One event of a stream of the Responses API: its texts, found once and used for reading and for writing alike. */
export class ResponsesEvent {
  readonly event: StreamEvent;
  readonly value: JsonObject;
  readonly type: string;
  /** Texts that go on in other events. */
  readonly runs: readonly PlacedSlot[];
  /** Texts that are whole: they repeat a run, or stand alone. */
  readonly wholes: readonly PlacedSlot[];
  /** The piece of JSON source in it. */
  readonly json: PlacedPiece | undefined;
  /** Texts that are not of the format. */
  readonly odd: readonly OddText[];

  /**
   * @param readers readers of the JSON sources by place, from the earlier events
   * @throws {StreamError} when the data is no JSON object, or one of another format.
   */
  constructor(event: StreamEvent, readers: Map<string, JsonTextReader>) {
    const value = parseEventData(event);
    if (!isJsonObject(value)) throw new StreamError('An event of the stream is not a JSON object.');
    const type = value['type'] ?? event.event;
    // Pieces of a text in events of another format would be judged one by one.
    if (typeof type !== 'string') throw new StreamError('An event of the stream does not say what it is.');
    this.event = event;
    this.value = value;
    this.type = type;
    const placed = this.#readSlots().map((slot) => ({ ...slot, place: this.placeOf(slot.path) }));
    const source = this.#jsonSource();
    const isOdd = new Set(placed.filter((slot) => this.#isOdd(slot)));
    this.odd = [...isOdd].map((slot) => ({ slot, channel: slot.place }));
    const texts = placed.filter(
      (slot) => !isOdd.has(slot) && (source === undefined || !isPartOf(slot.path, source.path)),
    );
    const runs = texts.filter(({ path, place }) => isPartOf(path, 'delta') || (this.begins && BEGINNING.test(place)));
    this.runs = runs;
    this.wholes = texts.filter((slot) => !runs.includes(slot) && slot.text !== '');
    if (source === undefined) return;
    const place = this.placeOf(source.path);
    const reader = readers.get(place) ?? new JsonTextReader();
    readers.set(place, reader);
    this.json = { ...source, place, piece: new JsonPiece(reader, source.text) };
  }

  /** Whether the stream is over with it. */
  get isTerminal(): boolean {
    return /^response\.(?:completed|incomplete|failed|cancelled)$/.test(this.type);
  }

  /** The place whose runs of text end with it. */
  get closes(): string | undefined {
    if (/^response\.(?:content_part|reasoning_summary_part|output_item)\.done$/.test(this.type)) return this.base;
    const run = this.type.endsWith('.done') ? this.#run : undefined;
    return run === undefined ? undefined : this.placeOf(run.key);
  }

  /** The place that it is about: the part, the item, or nothing for the response as a whole. */
  get base(): string {
    const { output_index: output, content_index: content, summary_index: summary } = this.value;
    if (typeof output !== 'number') return '';
    const item = `output[${output}]`;
    if (typeof content === 'number') return `${item}.content[${content}]`;
    return typeof summary === 'number' ? `${item}.summary[${summary}]` : item;
  }

  /** Returns how to make events that carry more of a run of text which this event has some of. */
  moreOf({ place, path }: Pick<PlacedSlot, 'place' | 'path'>): MakeDelta {
    const fields = this.type.endsWith('.delta') ? this.#deltaFields() : this.#fieldsOfBegun(place);
    const inner = /^delta\.(\w+)$/.exec(path)?.[1];
    const logprobs = fields['type'] === 'response.output_text.delta' ? { logprobs: [] } : {};
    return (text) => ({ ...fields, delta: inner === undefined ? text : { [inner]: text }, ...logprobs });
  }

  /** Whether it begins an item or a part. */
  get begins(): boolean {
    return this.type.endsWith('.added');
  }

  #deltaFields(): JsonObject {
    return Object.fromEntries(Object.entries(this.value).filter(([key]) => !NOT_OF_A_DELTA.has(key)));
  }

  #fieldsOfBegun(place: string): JsonObject {
    const { item, part, item_id: itemId, output_index: output } = this.value;
    const begun = isJsonObject(item) ? item : isJsonObject(part) ? part : {};
    const [, scope, position, key = ''] = /(?:\.(content|summary)\[(\d+)\])?\.(\w+)$/.exec(place) ?? [];
    const at = scope === undefined ? {} : { [`${scope}_index`]: Number(position) };
    const type = `${runOf(String(begun['type']), { scope, key })}.delta`;
    return { type, item_id: itemId ?? begun['id'], output_index: output, ...at };
  }

  get #run(): (typeof RUNS)[string] | undefined {
    return RUNS[this.type.replace(/\.(?:delta|done)$/, '')];
  }

  #readSlots(): TextSlot[] {
    const { response } = this.value;
    const without = this.type === 'response.audio.delta' ? APART_OF_AUDIO : APART;
    const inPieces = this.type.endsWith('.delta') || this.begins;
    const own = readTextSlots(this.value, { rules: OPENAI_TEXT_RULES, without, inPieces });
    const path = 'response';
    const whole = isJsonObject(response) ? readTextSlots(response, { rules: OPENAI_TEXT_RULES, path }) : [];
    return [...own, ...whole];
  }

  /** The JSON source in it that goes on in other events. */
  #jsonSource(): TextSlot | undefined {
    const { item } = this.value;
    const delta = this.type.endsWith('.delta') && this.#run?.json === true;
    const begins = this.begins && isJsonObject(item);
    if (!delta && !begins) return undefined;
    const holder = delta ? this.value : (item as JsonObject);
    const key = delta ? 'delta' : 'arguments';
    const text = holder[key];
    if (typeof text !== 'string') return undefined;
    const write = (written: string): void => void Reflect.set(holder, key, written);
    return { path: delta ? key : `item.${key}`, text, holder, write };
  }

  /** What is not of the format may go on in the next event, for all that is known; what comes once, or repeats, is whole. */
  #isOdd({ path, text, place }: PlacedSlot): boolean {
    const { type } = this;
    const isForeign = !type.startsWith('response.');
    if (type === 'error' || isPartOf(path, 'delta') || (!isForeign && COMES_ONCE.test(type))) return false;
    const isOdd = isForeign || unknownFields('openai-responses', [{ path: place, text }]).length > 0;
    return isOdd && standsAtPath(this.value, { path, text });
  }

  /** The name of a place as it would be in the whole response. */
  placeOf(path: string): string {
    const { base } = this;
    if (path.startsWith('response.')) return path.slice('response.'.length);
    if (this.type === 'error') return path;
    if (isPartOf(path, 'delta')) return join(base, this.#run?.key ?? this.type.replace(/^response\.|\.delta$/g, ''));
    const { annotation_index: annotation } = this.value;
    if (typeof annotation === 'number') return path.replace(/^annotation\b/, `${base}.annotations[${annotation}]`);
    return join(base, path.replace(/^(?:item|part)\b\.?/, ''));
  }
}

/** The name of the run that a text goes on with, by the type of the item or part that begins with it. */
function runOf(type: string, { scope, key }: { readonly scope: string | undefined; readonly key: string }): string {
  if (scope === 'summary') return 'response.reasoning_summary_text';
  if (key === 'refusal') return 'response.refusal';
  if (key === 'input') return 'response.custom_tool_call_input';
  if (key === 'code') return 'response.code_interpreter_call_code';
  if (key === 'arguments')
    return type === 'mcp_call' ? 'response.mcp_call_arguments' : 'response.function_call_arguments';
  return type.startsWith('reasoning') ? 'response.reasoning_text' : 'response.output_text';
}

function isPartOf(path: string, whole: string): boolean {
  return path === whole || path.startsWith(`${whole}[`) || path.startsWith(`${whole}.`);
}

function join(base: string, path: string): string {
  if (base === '' || path === '') return base + path;
  return path.startsWith('[') ? base + path : `${base}.${path}`;
}
