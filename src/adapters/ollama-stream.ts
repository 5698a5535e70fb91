import type { StreamEvent } from '../framing/index.js';
import type { AnswerNote, BlockInfo, ErrorInfo } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { EscapedTexts } from './escaped-texts.js';
import { parseEventData } from './event-data.js';
import { isJsonObject, type JsonObject } from './json.js';
import { listStrings, mapStrings } from './map-strings.js';
import { ANSWER, blockedError, filteredEvent, noticePath, type OllamaKind, textEvent } from './ollama-frames.js';
import { dropRepetitions, isStreamedPath, readOllamaLine } from './ollama-texts.js';
import { ReleasedTexts } from './released-texts.js';
import type { StreamChange, StreamFormat, StreamStep } from './stream-format.js';
import { fieldOf, type TextSlot } from './text-slots.js';

/** One stream of Ollama: a line per piece of text, and one with `done: true` that ends it. */
export class OllamaStream implements StreamFormat {
  readonly #kind: OllamaKind;
  readonly #released = new ReleasedTexts();
  readonly #escaped = new EscapedTexts();
  /** What the streamed texts of the current line say, by path. */
  #texts: ReadonlyMap<string, string> = new Map();
  #event: StreamEvent = { data: '' };
  /** The current line, when it holds an object. */
  #line: JsonObject | undefined;
  /** The last line that was an object, for what identifies it. */
  #template: JsonObject = {};
  #slots: readonly TextSlot[] = [];
  /** Whether the client has got text, from which a notice has to be set off. */
  #hasText = false;

  constructor(kind: OllamaKind) {
    this.#kind = kind;
  }

  read(event: StreamEvent): StreamStep {
    const value = parseEventData(event);
    this.#event = event;
    this.#line = isJsonObject(value) ? value : undefined;
    this.#texts = new Map();
    this.#slots = this.#line === undefined ? [] : readOllamaLine(this.#line);
    const step = { deltas: [], answers: [], ends: [], last: false, filtered: [] };
    // No client reads such a line; it is judged all the same.
    if (this.#line === undefined) return { ...step, fields: listStrings(value) };
    this.#template = this.#line;
    if (isSet(this.#line['error'])) return { ...step, fields: this.#slots.map(fieldOf), ends: 'all', last: true };
    const done = this.#line['done'] === true;
    const streamed = this.#slots.filter(({ path, text }) => isStreamedPath(path) && text !== '');
    this.#texts = new Map(streamed.map(({ path, text }) => [path, this.#escaped.read(path, text)]));
    return {
      ...step,
      deltas: [...this.#texts].map(([channel, text]) => ({ channel, text })),
      fields: this.#slots
        .filter(({ path }) => !isStreamedPath(path))
        .map((slot) => ({ ...fieldOf(slot), answer: ANSWER })),
      answers: [ANSWER],
      ends: done ? 'all' : [],
      last: done,
    };
  }

  write({ texts, fields, without }: StreamChange): StreamEvent | undefined {
    const line = this.#line;
    if (line === undefined) {
      const screened = mapStrings(parseEventData(this.#event), (text, path) => fields.get(path) ?? text);
      return fields.size === 0 ? this.#event : { data: JSON.stringify(screened) };
    }
    if (without.has(ANSWER) && !isSet(line['error'])) return undefined;
    let changed = fields.size > 0;
    let repeats = false;
    for (const { path, text, write } of this.#slots) {
      const streamed = this.#texts.get(path);
      const left = (streamed === undefined ? fields : texts).get(path) ?? streamed ?? text;
      const source = streamed === undefined ? left : this.#escaped.write(path, left);
      if (source !== text) write(source);
      changed ||= source !== text;
      if (streamed !== undefined) repeats = !this.#note(path, streamed, left) || source !== text || repeats;
    }
    // Token arrays tell again what the line says, and in the end what all of them said.
    const dropped =
      repeats || (line['context'] !== undefined && this.#released.differs) ? dropRepetitions(line) : false;
    return changed || dropped ? { data: JSON.stringify(line) } : this.#event;
  }

  frameText(channel: string, text: string): readonly StreamEvent[] {
    this.#note(channel, '', text);
    return [textEvent(channel, this.#escaped.write(channel, text), this.#template)];
  }

  frameBlocked(_answer: string, info: BlockInfo): readonly StreamEvent[] {
    if (info.blockAs === 'error') return [{ data: JSON.stringify(blockedError(info)) }];
    const notice = this.#hasText ? `\n\n${info.notice}` : info.notice;
    // In a line of its own: some clients read no text in the line that ends a stream.
    const said = textEvent(noticePath(this.#kind), notice, this.#template);
    return [said, filteredEvent(this.#kind, info, this.#template)];
  }

  frameEnd(): readonly StreamEvent[] {
    return [];
  }

  frameError({ message, type, code }: ErrorInfo): readonly StreamEvent[] {
    return [{ data: JSON.stringify({ error: message, type, code }) }];
  }

  annotate(event: StreamEvent, note: AnswerNote): StreamEvent {
    const line = parseEventData(event);
    return isJsonObject(line) ? { ...event, data: JSON.stringify({ ...line, ...noteKeys(note) }) } : event;
  }

  leave(event: StreamEvent): StreamEvent {
    return event;
  }

  #note(path: string, arrived: string, left: string): boolean {
    if (left !== '' && path === noticePath(this.#kind)) this.#hasText = true;
    return this.#released.pass(path, arrived, left);
  }
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
