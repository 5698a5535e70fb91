import type { StreamEvent } from '../framing/index.js';
import type { AnswerNote, AskedReply, BlockInfo, ErrorInfo, FilteredPart } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { EscapedTexts } from './escaped-texts.js';
import { isJsonObject, type JsonObject, parseJson, pickNames } from './json.js';
import { encodeJsonText, type JsonTextReader } from './json-text-reader.js';
import { dropCitations, moveCitations, sameStartPoints } from './move-citations.js';
import { OddRuns } from './odd-runs.js';
import { type MakeDelta, type PlacedSlot, ResponsesEvent } from './openai-responses-event.js';
import {
  blockedError,
  emptyResponse,
  errorBody,
  errorValue,
  FILTERED,
  filteredResponse,
  MODERATION,
  refusalItemEvents,
  responsesEvent,
} from './openai-responses-frames.js';
import { SentResponse } from './openai-responses-sent.js';
import { dropLogprobs, isEcho } from './openai-responses-texts.js';
import type { StandaloneText, StreamChange, StreamFormat, StreamStep } from './stream-format.js';

/** The one answer of a response; channels and fields are parts of it, as they are named in a whole body. */
export const ANSWER = 'output';

const OVER: StreamStep = { deltas: [], fields: [], ends: 'all', answers: [ANSWER], last: true, filtered: [] };
/** Keys of an event that say what it is about. */
const INDEXES = ['output_index', 'content_index', 'summary_index', 'item_id'];
/** Some backends end the stream as one of the chat format. */
const DONE = '[DONE]';
/** A text within JSON source: the source, and its name there. */
const OF_JSON = /^(.*?)((?:\.other)?\[\d+\])$/;

/** A text that was received once, and what left of it: where it is repeated, the same leaves. */
interface SeenText {
  received: string;
  released: string;
}

/** One stream of named and numbered events that build up a response item by item, and repeat it at the end. */
export class ResponsesStream implements StreamFormat {
  readonly #asked: AskedReply;
  readonly #sent = new SentResponse();
  readonly #escaped = new EscapedTexts();
  readonly #odd = new OddRuns();
  /** What the last event said of itself that had a text of the channel which is not of the format. */
  readonly #oddHeads = new Map<string, JsonObject>();
  readonly #readers = new Map<string, JsonTextReader>();
  /** By place in the response. */
  readonly #seen = new Map<string, SeenText>();
  /** How to make more of a run of text, by place. */
  readonly #more = new Map<string, MakeDelta>();
  /** The values of events that were made or read here, so that none is parsed twice. */
  readonly #values = new WeakMap<StreamEvent, JsonObject>();
  #received: StreamEvent = { data: '' };
  /** Text of the current event by channel. */
  #texts: ReadonlyMap<string, string> = new Map();
  #current: ResponsesEvent | undefined;
  /** Standalone texts of the current event, by the path they were told under. */
  #fields: ReadonlyMap<string, PlacedSlot> = new Map();
  /** Number of the next event; none when the backend does not number its events. */
  #next: number | undefined;
  #usage: unknown;
  #block: BlockInfo | undefined;

  constructor(asked: AskedReply) {
    this.#asked = asked;
  }

  read(event: StreamEvent): StreamStep {
    this.#received = event;
    this.#current = undefined;
    this.#fields = new Map();
    this.#texts = new Map();
    if (event.data.trim() === DONE) return OVER;
    const current = new ResponsesEvent(event, this.#readers);
    const { value, type, runs, wholes, json } = current;
    this.#current = current;
    this.#values.set(event, value);
    const number = value['sequence_number'];
    if (typeof number === 'number') this.#next ??= number;
    const { response } = value;
    if (isJsonObject(response) && isJsonObject(response['usage'])) this.#usage = response['usage'];
    for (const slot of [...runs, ...(json === undefined ? [] : [json])])
      this.#more.set(slot.place, current.moreOf(slot));
    const deltas = new Map<string, string>();
    for (const { place, text } of runs) {
      deltas.set(place, (deltas.get(place) ?? '') + this.#escaped.read(place, text));
    }
    this.#texts = deltas;
    for (const { name, text } of json?.piece.texts ?? []) deltas.set(`${json?.place}${name}`, text);
    for (const [place, text] of deltas) this.#note(place, { received: text });
    this.#fields = this.#standalone(wholes);
    for (const { channel } of current.odd) this.#oddHeads.set(channel, headOf(current));
    return {
      deltas: [...[...deltas].map(([channel, text]) => ({ channel, text })), ...this.#odd.read(current.odd)],
      fields: [...this.#fields].map(([path, { text }]) => ({ path, text, ...answerOf(path) })),
      ends: this.#endsOf(current),
      answers: type === 'error' ? [] : [ANSWER],
      last: current.isTerminal,
      filtered: readFilteredParts(isJsonObject(response) ? response : value),
      value,
      placeOf: (path) => current.placeOf(path),
    };
  }

  write({ texts, fields, without }: StreamChange): StreamEvent | undefined {
    const current = this.#current;
    if (current === undefined) return without.has(ANSWER) ? undefined : this.#received;
    if (without.has(ANSWER) && current.type !== 'error') return undefined;
    const runs = this.#writeRuns(current, texts);
    const odd = this.#odd.write(texts).changed;
    // Last, for keys are among them: they move what stands below.
    const wholes = this.#writeWholes(current, fields);
    if (this.#citesChanged(current)) return undefined;
    if (!runs && !wholes && !odd) return this.#received;
    // A delta of which nothing may leave yet says nothing; the numbers close up behind it.
    if (runs && current.value['delta'] === '') return undefined;
    return this.#made(current.value, this.#received);
  }

  frameText(channel: string, text: string): readonly StreamEvent[] {
    const odd = this.#odd.frame(channel, text);
    if (isJsonObject(odd)) return [this.#made({ ...this.#oddHeads.get(channel), ...odd })];
    this.#note(channel, { released: text });
    const [, place = '', name = ''] = OF_JSON.exec(channel) ?? [];
    const isJson = this.#readers.has(place);
    const make = this.#more.get(isJson ? place : channel);
    if (make === undefined || this.#isUnknown(make(''))) return [];
    const json = this.#current?.json;
    const source = isJson
      ? ((json?.place === place ? json.piece.until(name, text) : undefined) ?? encodeJsonText(name, text))
      : this.#escaped.write(channel, text);
    return [this.#made(make(source))];
  }

  frameBlocked(_answer: string, info: BlockInfo): readonly StreamEvent[] {
    this.#block = info;
    if (info.blockAs === 'error') {
      return [this.#made(errorValue(blockedError(info)))];
    }
    const said = info.noticeAsText === true ? refusalItemEvents(info, this.#sent.nextIndex) : [];
    return [...this.#opening(info), ...this.#sent.close(), ...said].map((value) => this.#made(value));
  }

  frameEnd(): readonly StreamEvent[] {
    const info = this.#block;
    if (info === undefined || info.blockAs === 'error') return [];
    const base = this.#sent.response ?? emptyResponse(this.#asked, info);
    const response = { ...base, ...(this.#usage === undefined ? {} : { usage: this.#usage }) };
    const filtered = filteredResponse(response, this.#sent.output, info);
    return [this.#made({ type: 'response.incomplete', response: filtered })];
  }

  frameError(info: ErrorInfo): readonly StreamEvent[] {
    return [this.#made(errorValue(errorBody(info)))];
  }

  annotate(event: StreamEvent, note: AnswerNote): StreamEvent {
    const value = this.#values.get(event) ?? parseJson(event.data);
    if (!isJsonObject(value) || !isJsonObject(value['response'])) return event;
    return this.#made({ ...value, response: { ...value['response'], ...responsesNote(note) } }, event);
  }

  leave(event: StreamEvent): StreamEvent {
    const value = this.#values.get(event);
    if (value === undefined) return event;
    this.#sent.note(value);
    if (this.#next === undefined) return event;
    const number = this.#next;
    this.#next += 1;
    if (value['sequence_number'] === number) return event;
    return { ...event, data: JSON.stringify({ ...value, sequence_number: number }) };
  }

  /** What is whole and not a repetition: the first time a place is told, or told differently than before. */
  #standalone(wholes: readonly PlacedSlot[]): ReadonlyMap<string, PlacedSlot> {
    const fields = new Map<string, PlacedSlot>();
    for (const slot of wholes) {
      if (this.#seen.get(slot.place)?.received === slot.text) continue;
      if (isEcho(slot.place) && this.#asked.said?.has(slot.text) === true) continue;
      fields.set(fields.has(slot.place) ? slot.path : slot.place, slot);
    }
    return fields;
  }

  #endsOf(current: ResponsesEvent): StreamStep['ends'] {
    if (current.type === 'error') return 'all';
    if (current.isTerminal) return [ANSWER];
    const { closes, json } = current;
    const ended = json?.piece.ends.map((name) => json.place + name) ?? [];
    return closes === undefined || closes === '' ? ended : [...ended, closes];
  }

  /** Returns whether the text of a run changed. */
  #writeRuns({ runs, json }: ResponsesEvent, texts: ReadonlyMap<string, string>): boolean {
    let changed = false;
    const taken = new Set<string>();
    for (const slot of runs) {
      // Several texts of one channel were read as one: the first takes all of it.
      const left = taken.has(slot.place) ? '' : (texts.get(slot.place) ?? this.#texts.get(slot.place) ?? '');
      if (!taken.has(slot.place)) this.#note(slot.place, { released: left });
      taken.add(slot.place);
      const source = this.#escaped.write(slot.place, left);
      if (source === slot.text) continue;
      slot.write(source);
      dropLogprobs(slot);
      changed = true;
    }
    if (json === undefined) return changed;
    const own = new Map<string, string>();
    for (const { name, text } of json.piece.texts) {
      const released = texts.get(json.place + name) ?? text;
      own.set(name, released);
      this.#note(json.place + name, { released });
    }
    const source = json.piece.write(own);
    if (source !== undefined) json.write(source);
    return changed || source !== undefined;
  }

  /** Returns whether a whole text changed. */
  #writeWholes({ wholes }: ResponsesEvent, fields: ReadonlyMap<string, string>): boolean {
    for (const [path, slot] of this.#fields) {
      this.#seen.set(slot.place, { received: slot.text, released: fields.get(path) ?? slot.text });
    }
    let changed = false;
    for (const slot of wholes) {
      const text = this.#seen.get(slot.place)?.released ?? slot.text;
      if (text === slot.text) continue;
      slot.write(text);
      dropLogprobs(slot);
      if (isJsonObject(slot.holder)) moveCitations(slot.holder['annotations'], slot.text, text);
      changed = true;
    }
    return changed;
  }

  /** Whether the current event tells of a citation that ends behind the first change of its text: how the rest moves is not known yet. */
  #citesChanged({ value, base }: ResponsesEvent): boolean {
    const { received = '', released = '' } = this.#seen.get(`${base}.text`) ?? {};
    if (value['annotation'] === undefined || received.startsWith(released)) return false;
    return dropCitations([value['annotation']], sameStartPoints(received, released));
  }

  #note(place: string, { received = '', released = '' }: Partial<SeenText>): void {
    const seen = this.#seen.get(place);
    if (seen === undefined) this.#seen.set(place, { received, released });
    else {
      seen.received += received;
      seen.released += released;
    }
  }

  /** What a client has to know before anything can be closed, where the event that was to tell it does not leave. */
  #opening(info: BlockInfo): JsonObject[] {
    if (this.#sent.response !== undefined) return [];
    const response = this.#current?.value['response'];
    const known = isJsonObject(response) ? { ...response, output: [] } : {};
    return [
      {
        type: 'response.created',
        response: { ...emptyResponse(this.#asked, info), ...known, status: 'in_progress' },
      },
    ];
  }

  /** Whether the client could not place a text: the current event was to begin its item or part, and does not leave. */
  #isUnknown(delta: JsonObject): boolean {
    return this.#current?.begins === true && !this.#sent.accepts(delta);
  }

  #made(value: JsonObject, from?: StreamEvent): StreamEvent {
    const event = from === undefined ? responsesEvent(value) : { ...from, data: JSON.stringify(value) };
    this.#values.set(event, value);
    return event;
  }
}

/** Returns what a response, or an error, says that the backend itself withheld. Never throws. */
export function readFilteredParts(body: unknown): readonly FilteredPart[] {
  if (!isJsonObject(body)) return [];
  const { error, incomplete_details: details } = body;
  const refused = (isJsonObject(error) && error['code'] === FILTERED) || body['code'] === FILTERED;
  const cut = isJsonObject(details) && details['reason'] === FILTERED;
  return [
    ...(refused ? [{ direction: 'input', field: 'error' } as const] : []),
    ...(cut ? [{ direction: 'output', field: ANSWER } as const] : []),
  ];
}

/** Returns a note as the keys of a response. Never throws. */
export function responsesNote(note: AnswerNote): JsonObject {
  const { moderation, ...rest } = noteKeys(note);
  return moderation === undefined ? rest : { ...rest, [MODERATION]: moderation };
}

/** Clients append a delta without a check. */
function headOf({ value, type }: ResponsesEvent): JsonObject {
  return { ...pickNames(value, ['type', ...INDEXES]), ...(type.endsWith('.delta') ? { delta: '' } : {}) };
}

/** What an error says belongs to no answer. */
function answerOf(path: string): Pick<StandaloneText, 'answer'> {
  return path.startsWith(ANSWER) ? { answer: ANSWER } : {};
}
