import type { StreamEvent } from '../framing/index.js';
import type { AnswerNote, AskedReply, BlockInfo, ErrorInfo } from './adapter.js';
import { noteKeys } from './answer-note.js';
import { EscapedTexts } from './escaped-texts.js';
import { BARE_DATA, eventJson, parseEventData } from './event-data.js';
import { EventTemplate } from './event-template.js';
import { asArray, isJsonObject, type JsonObject, parseJson } from './json.js';
import { encodeJsonText, JsonTextReader } from './json-text-reader.js';
import { mapStrings } from './map-strings.js';
import { dropCitations } from './move-citations.js';
import { OddRuns } from './odd-runs.js';
import { type AloneSlot, ChoiceChunk, type RunSlot } from './openai-choice-chunk.js';
import { answerAt, type ChoiceFrames, DONE } from './openai-choice-frames.js';
import type { ChoiceDialect } from './openai-dialect.js';
import { readFilteredParts } from './openai-filtered.js';
import { dropTokens } from './openai-tokens.js';
import { ReleasedTexts } from './released-texts.js';
import type { ChannelDelta, StreamChange, StreamFormat, StreamStep } from './stream-format.js';

const OVER: StreamStep = { deltas: [], fields: [], ends: 'all', answers: [], last: true, filtered: [] };
const NO_FIELDS: ReadonlyMap<string, string> = new Map();
/** A text within JSON source: the source, and its name there. */
const OF_JSON = /^(.*?)((?:\.other)?\[\d+\])$/;
/** Channels of prose: what stands there is text, whatever it is. */
const PROSE = /^choices\[\d+\]\.(?:content|text|reasoning|reasoning_content)$/;
const OF_CHOICE = /^choices\[(\d+)\]\./;

/** What a stream of choices is read and shaped with. */
export interface ChoiceStreamOptions {
  readonly dialect: ChoiceDialect;
  readonly frames: ChoiceFrames;
  readonly asked: AskedReply;
  readonly errorBody: (info: ErrorInfo) => unknown;
}

/** A text that stood alone in the last event that had one at its place, and what left of it. */
interface SeenText {
  readonly text: string;
  readonly left: string;
}

/** One stream of chunks that carry choices. */
export class ChoiceStream implements StreamFormat {
  readonly #options: ChoiceStreamOptions;
  readonly #released = new ReleasedTexts();
  readonly #escaped = new EscapedTexts();
  readonly #odd = new OddRuns();
  /** Readers of JSON sources, by run. */
  readonly #readers = new Map<string, JsonTextReader>();
  /** Some backends repeat what stands beside the text in every chunk; it is judged once. */
  readonly #seen = new Map<string, SeenText>();
  #event: StreamEvent = { data: '' };
  /** The current event as a chunk; none when it ends the stream. */
  #chunk: ChoiceChunk | undefined;
  /** Text of the current event by channel. */
  #texts: ReadonlyMap<string, string> = new Map();
  /** The last chunk of all: what the current event is identified by, also when it carries none. */
  #template: unknown;
  #usage: unknown;
  /** The last event but for its text, where the next one may be like it. */
  #again: EventTemplate | undefined;
  /** Whether the client was told an error, behind which only the end follows. */
  #failed = false;

  constructor(options: ChoiceStreamOptions) {
    this.#options = options;
  }

  read(event: StreamEvent): StreamStep {
    if (this.#again?.textOf(event) === undefined) this.#again = undefined;
    this.#event = event;
    this.#chunk = undefined;
    this.#texts = new Map();
    if (event.data.trim() === DONE) return OVER;
    const value = parseEventData(event);
    const chunk = new ChoiceChunk(value, {
      dialect: this.#options.dialect,
      readerOf: (run) => this.#readerOf(run),
      isRepeated: ({ path, text }) => this.#seen.get(path)?.text === text,
    });
    this.#chunk = chunk;
    // The filter results of Azure come in chunks that belong to no answer: clients would not know what to do with text there.
    const isOfAnswer = !chunk.isForeign && chunk.value['id'] !== '';
    if (isOfAnswer || (this.#template === undefined && !chunk.isForeign)) this.#template = chunk.value;
    this.#texts = this.#readTexts(chunk);
    if (isJsonObject(chunk.value['usage'])) this.#usage = chunk.value;
    const { alone, answers, ends, isError } = chunk;
    return {
      deltas: [...[...this.#texts].map(([channel, text]) => ({ channel, text })), ...this.#odd.read(chunk.odd)],
      fields: alone
        .filter(({ slot }) => slot.text !== '' && this.#seen.get(slot.path)?.text !== slot.text)
        .map(({ slot: { path, text }, answer }) => ({ path, text, ...(answer === undefined ? {} : { answer }) })),
      ends: isError ? 'all' : ends,
      answers,
      last: false,
      filtered: readFilteredParts(value),
      value: chunk.value,
      placeOf: (path) => chunk.placeOf(path),
    };
  }

  readAgain(event: StreamEvent): ChannelDelta | undefined {
    const text = this.#again?.textOf(event);
    return text === undefined || this.#again === undefined ? undefined : { channel: this.#again.channel, text };
  }

  writeAgain(event: StreamEvent, { channel, text }: ChannelDelta, left: string): StreamEvent {
    this.#released.pass(channel, text, left);
    return left === text ? event : (this.#again?.write(event, left) ?? event);
  }

  write({ texts, fields, without }: StreamChange): StreamEvent | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined) return this.#event;
    const { value, bare } = chunk;
    const drops = chunk.answers.some((answer) => without.has(answer));
    const changes = [
      this.#writeRuns(chunk, texts),
      this.#writeOdd(chunk, texts),
      this.#dropCitations(chunk),
      // Last, for keys are among them: they move what stands below.
      this.#writeAlone(chunk.alone, fields),
    ];
    if (!drops && !changes.includes(true)) {
      this.#again ??= this.#mayComeAgain(chunk);
      return this.#event;
    }
    if (!drops) return { ...this.#event, data: eventJson(value, bare) };
    const choices = asArray(value['choices']).filter(
      (choice, position) => !isJsonObject(choice) || !without.has(answerAt(choice, position)),
    );
    if (choices.length === 0 && !isJsonObject(value['usage'])) return undefined;
    return { ...this.#event, data: JSON.stringify({ ...value, choices }) };
  }

  frameText(channel: string, text: string, fields?: ReadonlyMap<string, string>): readonly StreamEvent[] {
    const odd = this.#odd.frame(channel, text);
    if (isJsonObject(odd)) return [this.#frameOdd(channel, odd)];
    this.#released.pass(channel, '', text);
    const [, run = '', name = ''] = OF_JSON.exec(channel) ?? [];
    const template = this.#templateWith(fields ?? NO_FIELDS);
    if (!this.#readers.has(run)) {
      return [this.#options.frames.text(channel, this.#escaped.write(channel, text), template)];
    }
    const pieces = this.#chunk?.runs.flatMap((each) => (each.run === run && each.piece ? [each.piece] : [])) ?? [];
    const source = pieces.map((piece) => piece.until(name, text)).find((found) => found !== undefined);
    return [this.#options.frames.text(run, source ?? encodeJsonText(name, text), template)];
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

  /** What an event like the current one can be told by, when it would do nothing but go on with the same text. */
  #mayComeAgain({ value, runs, odd, positions, ends, isForeign, isError }: ChoiceChunk): EventTemplate | undefined {
    const [run] = runs;
    const [choice] = asArray(value['choices']).filter(isJsonObject);
    if (run === undefined || choice === undefined || runs.length > 1 || positions.length > 1) return undefined;
    if (run.piece !== undefined || !PROSE.test(run.run) || !this.#escaped.isPlain(run.run)) return undefined;
    if (odd.length > 0 || ends.length > 0 || isForeign || isError || value['id'] === '') return undefined;
    if (isJsonObject(value['usage']) || readFilteredParts(value).length > 0) return undefined;
    // What repeats the text, or says where in it something stands, goes by what left before.
    const { logprobs, delta } = choice;
    if (isJsonObject(logprobs) || (isJsonObject(delta) && delta['annotations'] !== undefined)) return undefined;
    return EventTemplate.of({ channel: run.run, text: run.slot.text }, this.#event);
  }

  #readerOf(run: string): JsonTextReader {
    const reader = this.#readers.get(run) ?? new JsonTextReader();
    this.#readers.set(run, reader);
    return reader;
  }

  #readTexts({ runs }: ChoiceChunk): ReadonlyMap<string, string> {
    const texts = new Map<string, string>();
    const add = (channel: string, text: string): void => void texts.set(channel, (texts.get(channel) ?? '') + text);
    for (const { run, piece, slot } of runs) {
      if (piece === undefined) add(run, this.#escaped.read(run, slot.text));
      else for (const each of piece.texts) add(run + each.name, each.text);
    }
    return texts;
  }

  /** Returns whether anything changed. Several parts of one channel were read as one text: the first takes all of it. */
  #writeRuns(chunk: ChoiceChunk, texts: ReadonlyMap<string, string>): boolean {
    const leaving = new Map<string, string>();
    const untold = new Set<string>();
    for (const [channel, text] of this.#texts) {
      const left = texts.get(channel) ?? text;
      leaving.set(channel, left);
      if (!this.#released.pass(channel, text, left)) untold.add(channel);
    }
    const take = (channel: string): string => {
      const left = leaving.get(channel) ?? '';
      leaving.set(channel, '');
      return left;
    };
    let changed = false;
    const told = new Set(chunk.positions);
    for (const run of chunk.runs) {
      const source = this.#sourceOf(run, take);
      if (source !== run.slot.text) {
        run.slot.write(source);
        told.delete(run.position);
        changed = true;
      }
      for (const channel of untold) if (channel.startsWith(run.run)) told.delete(run.position);
    }
    for (const position of chunk.positions) {
      const silent = !chunk.runs.some((run) => run.position === position && run.slot.text !== '');
      // Tokens that come without their text may be of text that waits.
      if (told.has(position) && !(silent && this.#released.differs)) continue;
      changed = dropTokens(chunk.value, position) || changed;
    }
    return changed;
  }

  #sourceOf({ run, piece, slot }: RunSlot, take: (channel: string) => string): string {
    if (piece === undefined) return this.#escaped.write(run, take(run));
    const texts = new Map(piece.texts.map(({ name }) => [name, take(run + name)]));
    return piece.write(texts) ?? slot.text;
  }

  /** Returns whether anything changed. */
  #writeAlone(alone: readonly AloneSlot[], fields: ReadonlyMap<string, string>): boolean {
    let changed = false;
    for (const each of alone) {
      const { path, text, write } = each.slot;
      const left = this.#leftOf(each, fields);
      this.#seen.set(path, { text, left });
      if (left === text) continue;
      write(left);
      changed = true;
    }
    return changed;
  }

  /** Returns whether anything changed. */
  #writeOdd({ value, odd, positions, isForeign }: ChoiceChunk, texts: ReadonlyMap<string, string>): boolean {
    const { lefts, changed: isWritten } = this.#odd.write(texts);
    for (const { channel, slot } of odd) {
      // What stands beside the choices may be repeated in each chunk.
      if (!isForeign && channel === slot.path)
        this.#seen.set(channel, { text: slot.text, left: lefts.get(channel) ?? '' });
    }
    let changed = isWritten;
    if (this.#odd.differs) for (const position of positions) changed = dropTokens(value, position) || changed;
    return changed;
  }

  /** Offsets count through all of the content. */
  #dropCitations({ value }: ChoiceChunk): boolean {
    let changed = false;
    for (const [position, choice] of asArray(value['choices']).entries()) {
      if (!isJsonObject(choice) || !isJsonObject(choice['delta'])) continue;
      const changedAt = this.#released.changedAt(`${answerAt(choice, position)}.content`);
      if (changedAt !== undefined) changed = dropCitations(choice['delta']['annotations'], changedAt) || changed;
    }
    return changed;
  }

  #frameOdd(channel: string, members: JsonObject): StreamEvent {
    const index = OF_CHOICE.exec(channel)?.[1];
    if (index === undefined && Object.hasOwn(members, BARE_DATA)) return { data: eventJson(members, true) };
    // A stream without a chunk of the format goes on as it began.
    if (index === undefined && this.#template === undefined) return { data: JSON.stringify(members) };
    const [choice] = index === undefined ? [members] : asArray(members['choices']).filter(isJsonObject);
    return this.#options.frames.odd(index === undefined ? undefined : Number(index), choice ?? {}, this.#template);
  }

  /** What leaves of a text that stands alone. */
  #leftOf({ slot: { path, text } }: AloneSlot, fields: ReadonlyMap<string, string>): string {
    const seen = this.#seen.get(path);
    return fields.get(path) ?? (seen?.text === text ? seen.left : text);
  }

  /** The template as it may leave: what is said of a text goes with it. */
  #templateWith(fields: ReadonlyMap<string, string>): unknown {
    // An earlier chunk has been written already.
    if (this.#chunk === undefined || this.#template !== this.#chunk.value) return this.#template;
    const changed = this.#chunk.alone.flatMap((each) => {
      const left = this.#leftOf(each, fields);
      return left === each.slot.text ? [] : [[each.slot.path, left] as const];
    });
    if (changed.length === 0) return this.#template;
    const lefts = new Map(changed);
    return mapStrings(this.#template, (text, path) => lefts.get(path) ?? text);
  }
}
