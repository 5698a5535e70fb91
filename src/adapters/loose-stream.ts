import type { FormatName } from '../core/index.js';
import type { StreamEvent } from '../framing/index.js';
import type { AnswerNote, BlockInfo, ErrorInfo } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { asEventObject, BARE_DATA, eventJson, parseEventData } from './event-data.js';
import { isJsonObject, type JsonObject, parseJson } from './json.js';
import { unknownFields } from './known-keys.js';
import { OddRuns, standsAtPath } from './odd-runs.js';
import type { StreamChange, StreamFormat, StreamStep } from './stream-format.js';
import { readTextSlots, type TextRules, type TextSlot } from './text-slots.js';

/** How a stream whose events are read one by one looks. */
export interface LooseStreamOptions {
  readonly name: FormatName;
  readonly rules: TextRules;
  /** The answer that every event is of. */
  readonly answer: string;
  readonly blockedError: (info: BlockInfo) => unknown;
  readonly errorBody: (info: ErrorInfo) => unknown;
}

const DONE = '[DONE]';
/** How the types of the events of these formats begin. */
const TYPES = /^(?:image|speech|transcript|error)/;

/**
 * A stream of events whose texts stand alone, such as those that bring an image: every string of an event is judged whole. Only
 * what is not of the format is read on from event to event.
 */
export class LooseStream implements StreamFormat {
  readonly #options: LooseStreamOptions;
  readonly #odd = new OddRuns();
  #event: StreamEvent = { data: '' };
  #value: JsonObject = {};
  /** Whether the data of the current event is no object, and stands in `#value` under a key of ours. */
  #bare = false;
  #slots: readonly TextSlot[] = [];

  constructor(options: LooseStreamOptions) {
    this.#options = options;
  }

  read(event: StreamEvent): StreamStep {
    const { rules, answer } = this.#options;
    this.#event = event;
    this.#slots = [];
    if (event.data.trim() === DONE) {
      this.#odd.read([]);
      return { deltas: [], fields: [], ends: 'all', answers: [answer], last: true, filtered: [] };
    }
    const data = parseEventData(event);
    this.#value = asEventObject(data);
    this.#bare = this.#value !== data;
    const slots = readTextSlots(this.#value, { rules });
    const odd = new Set(slots.filter((slot) => this.#isOdd(slot)));
    this.#slots = slots.filter((slot) => !odd.has(slot));
    return {
      deltas: this.#odd.read([...odd].map((slot) => ({ slot, channel: slot.path }))),
      fields: this.#slots.map(({ path, text }) => ({ path, text, answer })),
      ends: [],
      answers: [answer],
      last: false,
      filtered: [],
      value: this.#value,
    };
  }

  write({ texts, fields, without }: StreamChange): StreamEvent | undefined {
    if (without.size > 0) return undefined;
    const { changed } = this.#odd.write(texts);
    for (const { path, text, write } of this.#slots) {
      const left = fields.get(path) ?? text;
      if (left !== text) write(left);
    }
    if (!changed && fields.size === 0) return this.#event;
    return { ...this.#event, data: eventJson(this.#value, this.#bare) };
  }

  frameText(channel: string, text: string): readonly StreamEvent[] {
    const odd = this.#odd.frame(channel, text);
    if (!isJsonObject(odd)) return [];
    const { event } = this.#event;
    return [{ ...(event === undefined ? {} : { event }), data: eventJson(odd, Object.hasOwn(odd, BARE_DATA)) }];
  }

  frameBlocked(_answer: string, info: BlockInfo): readonly StreamEvent[] {
    return [{ event: 'error', data: JSON.stringify(this.#options.blockedError(info)) }];
  }

  frameEnd(): readonly StreamEvent[] {
    return [];
  }

  frameError(info: ErrorInfo): readonly StreamEvent[] {
    return [{ event: 'error', data: JSON.stringify(this.#options.errorBody(info)) }];
  }

  annotate(event: StreamEvent, note: AnswerNote): StreamEvent {
    const value = parseJson(event.data);
    return isJsonObject(value) ? { ...event, data: JSON.stringify({ ...value, ...noteKeys(note) }) } : event;
  }

  leave(event: StreamEvent): StreamEvent {
    return event;
  }

  #isOdd(slot: TextSlot): boolean {
    const { type = this.#event.event, error } = this.#value;
    if (error !== undefined || !standsAtPath(this.#value, slot)) return false;
    return !TYPES.test(String(type)) || unknownFields(this.#options.name, [slot]).length > 0;
  }
}
