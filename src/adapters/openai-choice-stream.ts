import type { StreamEvent } from '../framing/index.js';
import type { AnswerNote, AskedReply, BlockInfo, ErrorInfo } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { parseEventData } from './event-data.js';
import { asArray, isJsonObject, parseJson } from './json.js';
import { JsonSourceReader, type ReadableSource } from './json-source-reader.js';
import { listStrings, mapStrings } from './map-strings.js';
import type { TextSlot } from './openai-chat-slots.js';
import { answerAt, type ChoiceFrames, DONE } from './openai-choice-frames.js';
import type { ChoiceDialect } from './openai-dialect.js';
import { readFilteredParts } from './openai-filtered.js';
import { dropTokens } from './openai-tokens.js';
import { ReleasedTexts } from './released-texts.js';
import type { StandaloneText, StreamChange, StreamFormat, StreamStep } from './stream-format.js';

const END: StreamStep = { deltas: [], fields: [], ends: 'all', answers: [], last: true, filtered: [] };

/** What a stream of choices is read and shaped with. */
export interface ChoiceStreamOptions {
  readonly dialect: ChoiceDialect;
  readonly frames: ChoiceFrames;
  readonly asked: AskedReply;
  readonly errorBody: (info: ErrorInfo) => unknown;
}

/** One stream of chunks that carry choices. */
export class ChoiceStream implements StreamFormat {
  readonly #options: ChoiceStreamOptions;
  readonly #released = new ReleasedTexts();
  #event: StreamEvent = { data: '' };
  /** The chunk that the current event carries; none when it ends the stream. */
  #chunk: unknown;
  #slots: readonly TextSlot[] = [];
  /** Text of the current event by channel, and whether it is to be written anew even if it may leave as it is. */
  #texts: ReadonlyMap<string, ReadableSource> = new Map();
  readonly #sources = new JsonSourceReader();
  /** The last chunk of all: what the current event is identified by, also when it carries none. */
  #template: unknown;
  #usage: unknown;
  /** Whether the client was told an error, behind which only the end follows. */
  #failed = false;

  constructor(options: ChoiceStreamOptions) {
    this.#options = options;
  }

  read(event: StreamEvent): StreamStep {
    this.#event = event;
    this.#chunk = undefined;
    this.#slots = [];
    this.#texts = new Map();
    if (event.data.trim() === DONE) return END;
    const chunk = parseEventData(event);
    this.#chunk = chunk;
    // The filter results of Azure come in chunks that belong to no answer: clients would not know what to do with text there.
    if (!isJsonObject(chunk) || chunk['id'] !== '' || this.#template === undefined) this.#template = chunk;
    this.#slots = this.#options.dialect.readChunkSlots(chunk);
    this.#texts = this.#readTexts();
    if (!isJsonObject(chunk)) return { ...END, ends: [], last: false };
    if (isJsonObject(chunk['usage'])) this.#usage = chunk;
    const answers = answersIn(chunk);
    const failed = isError(chunk);
    return {
      deltas: [...this.#texts].map(([channel, { text }]) => ({ channel, text })),
      fields: failed ? this.#readError(chunk, answers) : [],
      ends: failed ? 'all' : finishedIn(chunk),
      answers,
      last: false,
      filtered: readFilteredParts(chunk),
    };
  }

  write({ texts, fields, without }: StreamChange): StreamEvent | undefined {
    let chunk = this.#chunk;
    if (!isJsonObject(chunk)) return this.#event;
    const drops = answersIn(chunk).some((answer) => without.has(answer));
    const changed = this.#writeTexts(texts) || fields.size > 0;
    if (!drops && !changed) return this.#event;
    if (drops) {
      const choices = asArray(chunk['choices']).filter(
        (choice, position) => !isJsonObject(choice) || !without.has(answerAt(choice, position)),
      );
      if (choices.length === 0 && !isJsonObject(chunk['usage'])) return undefined;
      chunk = { ...chunk, choices };
    }
    const screened = mapStrings(chunk, (text, path) => fields.get(path) ?? text);
    return { ...this.#event, data: JSON.stringify(fields.size > 0 ? screened : chunk) };
  }

  frameText(channel: string, text: string): readonly StreamEvent[] {
    this.#released.pass(channel, '', text);
    return [this.#options.frames.text(channel, text, this.#template)];
  }

  frameBlocked(answer: string, info: BlockInfo): readonly StreamEvent[] {
    const { frames, dialect } = this.#options;
    if (info.blockAs === 'error') {
      this.#failed = true;
      return [{ data: JSON.stringify(frames.error(info)) }];
    }
    const said = info.noticeAsText === true ? this.frameText(`${answer}.${dialect.noticeKey}`, info.notice) : [];
    return [...said, frames.filtered(answer, info, this.#template)];
  }

  frameEnd(): readonly StreamEvent[] {
    const { frames, asked } = this.#options;
    const usage = isJsonObject(this.#usage) ? this.#usage['usage'] : undefined;
    // A usage that has not come is left out: a made-up one would be a lie.
    const told = asked.usage && usage !== undefined && !this.#failed;
    return [...(told ? [frames.chunk(this.#usage, [], { usage })] : []), { data: DONE }];
  }

  frameError(info: ErrorInfo): readonly StreamEvent[] {
    return [{ data: JSON.stringify(this.#options.errorBody(info)) }];
  }

  annotate(event: StreamEvent, note: AnswerNote): StreamEvent {
    const chunk = parseJson(event.data);
    return isJsonObject(chunk) ? { ...event, data: JSON.stringify({ ...chunk, ...noteKeys(note) }) } : event;
  }

  leave(event: StreamEvent): StreamEvent {
    return event;
  }

  #readTexts(): ReadonlyMap<string, ReadableSource> {
    const texts = new Map<string, ReadableSource>();
    for (const { channel, text, source } of this.#slots) {
      const before = texts.get(channel) ?? { text: '', alone: true };
      const read = source === undefined ? { text, alone: true } : this.#sources.read(channel, source);
      texts.set(channel, { text: before.text + read.text, alone: before.alone && read.alone });
    }
    return texts;
  }

  /** An error of the backend may repeat the prompt or the reply. */
  #readError(chunk: { readonly error: unknown }, answers: readonly string[]): readonly StandaloneText[] {
    return answers.length === 0 ? listStrings(chunk) : listStrings(chunk.error, 'error');
  }

  /** Returns whether anything changed. Several parts of one channel were read as one text: the first takes all of it. */
  #writeTexts(texts: ReadonlyMap<string, string>): boolean {
    const changed = new Map<string, string>();
    const untold = new Set<string>();
    for (const [channel, { text, alone }] of this.#texts) {
      const left = texts.get(channel) ?? text;
      if (!alone || left !== text) changed.set(channel, left);
      if (!this.#released.pass(channel, text, left)) untold.add(channel);
    }
    const written = new Set<string>();
    let dropped = false;
    for (const { channel, choice, write } of this.#slots) {
      const left = changed.get(channel);
      if (left !== undefined) write(written.has(channel) ? '' : left);
      written.add(channel);
      if (untold.has(channel)) dropped = dropTokens(this.#chunk, choice) || dropped;
    }
    return changed.size > 0 || dropped;
  }
}

function answersIn(chunk: unknown): readonly string[] {
  return asArray(isJsonObject(chunk) ? chunk['choices'] : undefined).flatMap((choice, position) =>
    isJsonObject(choice) ? [answerAt(choice, position)] : [],
  );
}

function finishedIn(chunk: { readonly choices?: unknown }): readonly string[] {
  return asArray(chunk.choices).flatMap((choice, position) =>
    isJsonObject(choice) && isFinish(choice['finish_reason']) ? [answerAt(choice, position)] : [],
  );
}

/** Some backends say `""` or `"null"` on every chunk but the last. */
function isFinish(reason: unknown): boolean {
  return typeof reason === 'string' && reason !== '' && reason !== 'null';
}

function isError(value: object): value is { readonly error: unknown } {
  return 'error' in value && value.error !== undefined && value.error !== null;
}
