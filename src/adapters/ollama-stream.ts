import type { StreamEvent } from '../framing/index.js';
import type { AnswerNote, BlockInfo, ErrorInfo } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { EscapedTexts } from './escaped-texts.js';
import { asEventObject, BARE_DATA, eventJson, parseEventData } from './event-data.js';
import { isJsonObject, type JsonObject, parseJson } from './json.js';
import { unknownFields } from './known-keys.js';
import { OddRuns, standsAtPath } from './odd-runs.js';
import {
  ANSWER,
  blockedError,
  noticePath,
  type OllamaKind,
  oddEvent,
  refusalEvents,
  textEvent,
} from './ollama-frames.js';
import { dropRepetitions, isStreamedPath, readOllamaLine } from './ollama-texts.js';
import { ReleasedTexts } from './released-texts.js';
import type { StreamChange, StreamFormat, StreamStep } from './stream-format.js';
import { fieldOf, type TextSlot } from './text-slots.js';

/** Gateways that answer in server-sent events end a stream as other formats do. */
const DONE = '[DONE]';
/** Keys of which every line of the format has one. */
const LINE_KEYS = ['message', 'response', 'error', 'done'];

/** One stream of Ollama: a line per piece of text, and one with `done: true` that ends it. */
export class OllamaStream implements StreamFormat {
  readonly #kind: OllamaKind;
  readonly #released = new ReleasedTexts();
  readonly #escaped = new EscapedTexts();
  readonly #odd = new OddRuns();
  /** What the streamed texts of the current line say, by path. */
  #texts: ReadonlyMap<string, string> = new Map();
  #event: StreamEvent = { data: '' };
  #line: JsonObject = {};
  /** Whether the current line is no object, and stands in `#line` under a key of ours. */
  #bare = false;
  /** The last line of the format, for what identifies it. */
  #template: JsonObject | undefined;
  /** The texts of the current line but the odd ones. */
  #slots: readonly TextSlot[] = [];
  /** Whether the client has got text, from which a notice has to be set off. */
  #hasText = false;

  constructor(kind: OllamaKind) {
    this.#kind = kind;
  }

  read(event: StreamEvent): StreamStep {
    if (event.data.trim() === DONE) return this.#readEnd(event);
    const data = parseEventData(event);
    const line = asEventObject(data);
    this.#event = event;
    this.#line = line;
    this.#bare = line !== data;
    const isForeign = !LINE_KEYS.some((key) => isSet(line[key]));
    if (!isForeign) this.#template = line;
    const slots = readOllamaLine(line);
    const isError = isSet(line['error']);
    const odd = new Set(slots.filter((slot) => !isError && this.#isOdd(slot, isForeign)));
    this.#slots = slots.filter((slot) => !odd.has(slot));
    const streamed = isError ? [] : this.#slots.filter(({ path, text }) => isStreamedPath(path) && text !== '');
    this.#texts = new Map(streamed.map(({ path, text }) => [path, this.#escaped.read(path, text)]));
    const alone = this.#slots.filter(({ path }) => isError || !isStreamedPath(path));
    const isLast = isError || line['done'] === true;
    return {
      deltas: [
        ...[...this.#texts].map(([channel, text]) => ({ channel, text })),
        ...this.#odd.read([...odd].map((slot) => ({ slot, channel: slot.path }))),
      ],
      fields: alone.map((slot) => ({ ...fieldOf(slot), ...(isError ? {} : { answer: ANSWER }) })),
      answers: isError ? [] : [ANSWER],
      ends: isLast ? 'all' : [],
      last: isLast,
      filtered: [],
      value: line,
    };
  }

  write({ texts, fields, without }: StreamChange): StreamEvent | undefined {
    const line = this.#line;
    if (without.has(ANSWER) && !isSet(line['error'])) return undefined;
    let changed = fields.size > 0;
    let repeats = false;
    const odd = this.#odd.write(texts).changed;
    for (const { path, text, write } of this.#slots) {
      const streamed = this.#texts.get(path);
      const left = (streamed === undefined ? fields : texts).get(path) ?? streamed ?? text;
      const source = streamed === undefined ? left : this.#escaped.write(path, left);
      if (source !== text) write(source);
      changed ||= source !== text;
      if (streamed !== undefined) repeats = !this.#note(path, streamed, left) || source !== text || repeats;
    }
    // Token arrays tell again what the line says, and in the end what all of them said.
    const differs = this.#released.differs || this.#odd.differs;
    const dropped = repeats || odd || (line['context'] !== undefined && differs) ? dropRepetitions(line) : false;
    return changed || odd || dropped ? { ...this.#event, data: eventJson(line, this.#bare) } : this.#event;
  }

  frameText(channel: string, text: string): readonly StreamEvent[] {
    const odd = this.#odd.frame(channel, text);
    if (isJsonObject(odd)) return [this.#frameOdd(odd)];
    this.#note(channel, '', text);
    return [textEvent(channel, this.#escaped.write(channel, text), this.#template ?? {})];
  }

  frameBlocked(_answer: string, info: BlockInfo): readonly StreamEvent[] {
    if (info.blockAs === 'error') return [{ data: JSON.stringify(blockedError(info)) }];
    const notice = this.#hasText ? `\n\n${info.notice}` : info.notice;
    // In a line of its own: some clients read no text in the line that ends a stream.
    return refusalEvents(this.#kind, info, { source: this.#template ?? {}, notice });
  }

  frameEnd(): readonly StreamEvent[] {
    return [];
  }

  frameError({ message, type, code }: ErrorInfo): readonly StreamEvent[] {
    return [{ data: JSON.stringify({ error: message, type, code }) }];
  }

  annotate(event: StreamEvent, note: AnswerNote): StreamEvent {
    const line = parseJson(event.data);
    return isJsonObject(line) ? { ...event, data: JSON.stringify({ ...line, ...noteKeys(note) }) } : event;
  }

  leave(event: StreamEvent): StreamEvent {
    return event;
  }

  #readEnd(event: StreamEvent): StreamStep {
    this.#event = event;
    this.#line = {};
    this.#slots = [];
    this.#texts = new Map();
    this.#odd.read([]);
    return { deltas: [], fields: [], ends: 'all', answers: [ANSWER], last: true, filtered: [] };
  }

  /** What is not of the format may go on in the next line, for all that is known. */
  #isOdd(slot: TextSlot, isForeign: boolean): boolean {
    const isUnknown = isForeign || unknownFields(`ollama-${this.#kind}`, [slot]).length > 0;
    return isUnknown && standsAtPath(this.#line, slot);
  }

  #frameOdd(members: JsonObject): StreamEvent {
    if (Object.hasOwn(members, BARE_DATA)) return { data: eventJson(members, true) };
    // A stream without a line of the format goes on as it began.
    if (this.#template === undefined) return { data: JSON.stringify(members) };
    return oddEvent(this.#kind, members, this.#template);
  }

  #note(path: string, arrived: string, left: string): boolean {
    if (left !== '' && path === noticePath(this.#kind)) this.#hasText = true;
    return this.#released.pass(path, arrived, left);
  }
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
