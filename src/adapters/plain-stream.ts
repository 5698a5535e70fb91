import type { TextField } from '../core/index.js';
import type { StreamEvent } from '../framing/index.js';
import type { AnswerNote, BlockInfo, ErrorInfo } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { parseEventData } from './event-data.js';
import { isJsonObject, type JsonObject } from './json.js';
import { mapStrings } from './map-strings.js';
import { type FieldPath, type FieldText, fillField, readFieldTexts } from './plain-fields.js';
import { ANSWER, blockedError, moderationOf } from './plain-frames.js';
import { readRestTexts, withoutRestTexts } from './plain-rest.js';
import type { StreamChange, StreamFormat, StreamStep } from './stream-format.js';

/** Data that ends a stream in many formats. */
const DONE = '[DONE]';
/** Channel of a stream of bare text. */
const TEXT = 'text';

/** How the streams of a host's own format look. */
export interface PlainStreamOptions {
  /** Where the texts of an event are: its data is one, or JSON with texts at these paths. */
  readonly texts: 'text' | readonly FieldPath[];
  /** Data of the event that ends a stream. */
  readonly end: string | undefined;
}

/** One stream of a host's own format. */
export class PlainStream implements StreamFormat {
  readonly isText: boolean;
  readonly #options: PlainStreamOptions;
  #event: StreamEvent = { data: '' };
  /** The parsed data of the current event, in a stream of JSON. */
  #value: unknown;
  #fields: readonly FieldText[] = [];
  /** Texts of the current event that no field path names. */
  #rest: readonly TextField[] = [];
  /** The last event of each channel, after which those of our own are made. */
  readonly #templates = new Map<string, Template>();
  #hasText = false;

  constructor(options: PlainStreamOptions) {
    this.#options = options;
    this.isText = options.texts === 'text';
  }

  read(event: StreamEvent): StreamStep {
    const { texts, end } = this.#options;
    const step = { deltas: [], fields: [], ends: [], answers: [ANSWER], last: false, filtered: [] };
    this.#event = event;
    this.#value = undefined;
    this.#fields = [];
    this.#rest = [];
    const data = event.data.trim();
    if (data === end || data === DONE) return { ...step, ends: 'all', last: true };
    if (texts === 'text') return { ...step, deltas: [{ channel: TEXT, text: event.data }] };
    this.#value = parseEventData(event);
    this.#fields = readFieldTexts(this.#value, texts);
    const template = { name: event.event, value: structuredClone(this.#value) };
    for (const { path } of this.#fields) this.#templates.set(path, template);
    this.#rest = readRestTexts(this.#value, this.#fields);
    return {
      ...step,
      deltas: this.#fields.map(({ path, text }) => ({ channel: path, text })),
      fields: this.#rest.map((field) => ({ ...field, answer: ANSWER })),
    };
  }

  write({ texts, fields, without }: StreamChange): StreamEvent | undefined {
    const bare = texts.get(TEXT);
    if (bare !== undefined && this.#options.texts === 'text') {
      this.#hasText ||= bare !== '';
      // An event without text would be a line of its own to its reader.
      if (without.has(ANSWER) || (bare === '' && this.#event.data !== '')) return undefined;
      return bare === this.#event.data ? this.#event : { ...this.#event, data: bare };
    }
    // What carries no text is part of how the stream goes on.
    if (without.has(ANSWER)) return this.#fields.length > 0 || this.#rest.length > 0 ? undefined : this.#event;
    let changed = false;
    for (const { path, text, write } of this.#fields) {
      const left = texts.get(path) ?? text;
      this.#hasText ||= left !== '';
      changed ||= left !== text;
      write(left);
    }
    if (!changed && fields.size === 0) return this.#event;
    return { ...this.#event, data: JSON.stringify(mapStrings(this.#value, (text, path) => fields.get(path) ?? text)) };
  }

  frameText(channel: string, text: string): readonly StreamEvent[] {
    this.#hasText = true;
    if (this.#options.texts === 'text') return [{ data: text }];
    return [this.#frame(channel, text)];
  }

  frameBlocked(_answer: string, info: BlockInfo): readonly StreamEvent[] {
    const { texts } = this.#options;
    if (info.blockAs === 'error') return [{ data: JSON.stringify(blockedError(info)) }];
    const notice = this.#hasText ? `\n\n${info.notice}` : info.notice;
    if (texts === 'text') return [{ data: notice }];
    const channel = this.#fields[0]?.path ?? [...this.#templates.keys()].at(-1);
    return [this.#frame(channel, notice, { moderation: moderationOf(info) })];
  }

  frameEnd(): readonly StreamEvent[] {
    const { end } = this.#options;
    return end === undefined ? [] : [{ data: end }];
  }

  frameError({ message, type, code }: ErrorInfo): readonly StreamEvent[] {
    return [{ data: JSON.stringify({ error: { message, type, code } }) }];
  }

  annotate(event: StreamEvent, note: AnswerNote): StreamEvent {
    if (this.#options.texts === 'text') return event;
    const value = parseEventData(event);
    return isJsonObject(value) ? { ...event, data: JSON.stringify({ ...value, ...noteKeys(note) }) } : event;
  }

  leave(event: StreamEvent): StreamEvent {
    return event;
  }

  /** Returns the last event of a channel with this text alone. */
  #frame(channel: string | undefined, text: string, extra: JsonObject = {}): StreamEvent {
    const { texts } = this.#options;
    const { name, value } = this.#templates.get(channel ?? '') ?? { name: undefined, value: undefined };
    const named = texts === 'text' ? [] : readFieldTexts(value, texts);
    const copy = withoutRestTexts(value, named);
    const fields = texts === 'text' ? [] : readFieldTexts(copy, texts);
    for (const { path, write } of fields) write(path === channel ? text : '');
    const said = fields.length > 0 || texts === 'text' ? copy : fillField(texts[0], text);
    const data = JSON.stringify(isJsonObject(said) ? { ...said, ...extra } : said);
    return { ...(name === undefined ? {} : { event: name }), data };
  }
}

/** An event to make others after. */
interface Template {
  readonly name: string | undefined;
  readonly value: unknown;
}
