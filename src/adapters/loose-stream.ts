import type { StreamEvent } from '../framing/index.js';
import type { AnswerNote, BlockInfo, ErrorInfo } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { isJsonObject, parseJson } from './json.js';
import type { StreamChange, StreamFormat, StreamStep } from './stream-format.js';
import { readTextSlots, type TextRules, type TextSlot } from './text-slots.js';

/** How a stream whose events are read one by one looks. */
export interface LooseStreamOptions {
  readonly rules: TextRules;
  /** The answer that every event is of. */
  readonly answer: string;
  readonly blockedError: (info: BlockInfo) => unknown;
  readonly errorBody: (info: ErrorInfo) => unknown;
}

/** A stream of events whose texts stand alone, such as those that bring an image: every string of an event is judged whole. */
export class LooseStream implements StreamFormat {
  readonly #options: LooseStreamOptions;
  #event: StreamEvent = { data: '' };
  #holder: { data: unknown } = { data: undefined };
  #slots: readonly TextSlot[] = [];

  constructor(options: LooseStreamOptions) {
    this.#options = options;
  }

  read(event: StreamEvent): StreamStep {
    const { rules, answer } = this.#options;
    this.#event = event;
    this.#holder = { data: parseJson(event.data) ?? event.data };
    this.#slots = readTextSlots(this.#holder, { rules });
    const fields = this.#slots.map(({ path, text }) => ({ path, text, answer }));
    return { deltas: [], fields, ends: [], answers: [answer], last: false, filtered: [] };
  }

  write({ fields, without }: StreamChange): StreamEvent | undefined {
    if (without.size > 0) return undefined;
    if (fields.size === 0) return this.#event;
    for (const { path, text, write } of this.#slots) write(fields.get(path) ?? text);
    const { data } = this.#holder;
    return { ...this.#event, data: typeof data === 'string' ? data : JSON.stringify(data) };
  }

  frameText(): readonly StreamEvent[] {
    return [];
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
}
