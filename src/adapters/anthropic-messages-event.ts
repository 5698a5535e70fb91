import { StreamError } from '../core/index.js';
import type { StreamEvent } from '../framing/index.js';
import { readMessagesSlots } from './anthropic-messages-texts.js';
import type { EscapedTexts } from './escaped-texts.js';
import { parseEventData } from './event-data.js';
import { isJsonObject, type JsonObject } from './json.js';
import { JsonPiece } from './json-piece.js';
import { JsonTextReader } from './json-text-reader.js';
import { unknownFields } from './known-keys.js';
import { type OddRuns, type OddText, standsAtPath } from './odd-runs.js';
import type { ChannelDelta, StandaloneText, StreamStep } from './stream-format.js';
import type { TextSlot } from './text-slots.js';

/** The one answer of a stream; channels and fields are parts of it, as they are named in a whole body. */
export const ANSWER = 'content';

/** The events that come once for what they are about, and carry whole texts. */
const COMES_ONCE = /^(?:message_(?:start|delta|stop)|content_block_(?:start|stop)|error)$/;
/** The others that the format has. */
const COMES_OFTEN = /^(?:content_block_delta|ping)$/;
const DELTA = /^delta\.(\w+)$/;
const STARTED = /^content_block\.(text|thinking)$/;
const OF_MESSAGE = /^message\.(content\[\d+\]\.(?:text|thinking))$/;

/** A place that holds the text of a channel. */
interface ChannelSlot extends Pick<TextSlot, 'text' | 'write'> {
  readonly channel: string;
}

/** The place of a piece of the input of a tool call, whose texts are channels named after `channel`. */
interface InputSlot extends ChannelSlot {
  readonly piece: JsonPiece;
}

/** What reads the texts of a stream. */
export interface MessagesSources {
  /** Readers of the inputs of tool calls, by channel. */
  readonly inputs: Map<string, JsonTextReader>;
  readonly escaped: EscapedTexts;
  readonly odd: OddRuns;
}

/** A place that holds a piece of the text of a channel. */
interface SeenSlot extends ChannelSlot {
  /** The piece as its reader will see it. */
  readonly seen: string;
  readonly sourceOf: (left: string) => string;
}

/** One event of a stream: its texts, found once and used for reading and for writing alike. */
export class MessagesEvent {
  readonly event: StreamEvent;
  readonly value: JsonObject;
  readonly #texts: SeenSlot[] = [];
  readonly #fields = new Map<string, TextSlot>();
  readonly #odd: OddRuns;
  readonly #oddDeltas: readonly ChannelDelta[];
  #input: InputSlot | undefined;

  /**
   * @param sources what reads the inputs of tool calls, by channel, and the other texts, from the earlier events
   * @throws {StreamError} when the data is no JSON object, or one of another format.
   */
  constructor(event: StreamEvent, { inputs, escaped, odd }: MessagesSources) {
    const value = parseEventData(event);
    if (!isJsonObject(value)) throw new StreamError('An event of the stream is not a JSON object.');
    this.event = event;
    this.value = value;
    // Pieces of a text in events of another format would be judged one by one.
    if (typeof this.type !== 'string') throw new StreamError('An event of the stream does not say what it is.');
    const oddTexts: OddText[] = [];
    for (const slot of readMessagesSlots(value, { inPieces: true })) {
      const channel = this.#channelOf(slot.path);
      if (channel === undefined && this.#isOdd(slot)) oddTexts.push({ slot, channel: this.placeOf(slot.path) });
      else if (channel === undefined) this.#fields.set(this.#nameOf(slot.path), slot);
      else if (slot.path !== 'delta.partial_json') this.#texts.push(seenSlot(rawSlot(channel, slot), escaped));
      else {
        const reader = inputs.get(channel) ?? new JsonTextReader();
        inputs.set(channel, reader);
        const raw = rawSlot(channel, slot);
        this.#input = { ...raw, piece: new JsonPiece(reader, raw.text) };
      }
    }
    this.#odd = odd;
    this.#oddDeltas = odd.read(oddTexts);
  }

  /** What it is: clients go by what it says of itself, or by its name. */
  get type(): unknown {
    return this.value['type'] ?? this.event.event;
  }

  /** The position of the block that it is about. */
  get index(): number {
    const { index } = this.value;
    return Number.isSafeInteger(index) && Number(index) >= 0 ? Number(index) : 0;
  }

  /** The texts that go on in other events. */
  get deltas(): readonly ChannelDelta[] {
    const texts = new Map<string, string>();
    for (const { channel, seen } of this.#texts) texts.set(channel, (texts.get(channel) ?? '') + seen);
    for (const { name, text } of this.#input?.piece.texts ?? []) texts.set(this.#input?.channel + name, text);
    return [...[...texts].map(([channel, text]) => ({ channel, text })), ...this.#oddDeltas];
  }

  /** The one text of an event that carries nothing else and ends nothing: one that goes on in the next event. */
  get onlyText(): ChannelDelta | undefined {
    const [only] = this.#texts;
    if (this.type !== 'content_block_delta' || only === undefined || this.#texts.length > 1) return undefined;
    if (this.#input !== undefined || this.#fields.size > 0 || this.#oddDeltas.length > 0) return undefined;
    if (this.value['usage'] !== undefined || this.value['message'] !== undefined) return undefined;
    const { signature, partial_json, stop_reason } = memberOf(this.value, 'delta');
    const saysMore = [signature, partial_json, stop_reason].some((each) => typeof each === 'string');
    return saysMore ? undefined : { channel: only.channel, text: only.text };
  }

  /** The texts that stand alone. What an error says belongs to no answer. */
  get fields(): readonly StandaloneText[] {
    const answer = this.type === 'error' ? {} : { answer: ANSWER };
    return [...this.#fields].map(([path, { text }]) => ({ path, text, ...answer }));
  }

  /** What ends with it. */
  get ends(): StreamStep['ends'] {
    const delta = memberOf(this.value, 'delta');
    const block = `content[${this.index}]`;
    switch (this.type) {
      case 'message_stop':
      case 'error':
        return 'all';
      case 'message_delta':
        return typeof delta['stop_reason'] === 'string' ? [ANSWER] : [];
      case 'content_block_stop':
        return [block];
      default: {
        const ended = this.#input?.piece.ends.map((name) => `${block}.input${name}`) ?? [];
        // A signature is over the whole text, which has to stand before it.
        return typeof delta['signature'] === 'string' ? [...ended, `${block}.thinking`] : ended;
      }
    }
  }

  /** Returns it with new texts by channel and by path; the very event that came when nothing changes. */
  write(texts: ReadonlyMap<string, string>, fields: ReadonlyMap<string, string>): StreamEvent {
    let changed = false;
    const put = (slot: Pick<TextSlot, 'text' | 'write'> | undefined, text: string | undefined): void => {
      if (slot === undefined || text === undefined || text === slot.text) return;
      slot.write(text);
      changed = true;
    };
    const taken = new Set<string>();
    for (const slot of this.#texts) {
      // Several texts of one channel were read as one: the first takes all of it.
      const left = taken.has(slot.channel) ? '' : texts.get(slot.channel);
      put(slot, left === undefined ? undefined : slot.sourceOf(left));
      taken.add(slot.channel);
    }
    if (this.#input !== undefined) put(this.#input, this.#input.piece.write(this.#ofInput(texts)));
    changed = this.#odd.write(texts).changed || changed;
    // Last, for keys are among them: they move what stands below.
    for (const [path, text] of fields) put(this.#fields.get(path), text);
    return changed ? { ...this.event, data: JSON.stringify(this.value) } : this.event;
  }

  /** Returns the source of a text of its input, with what stands before that; `undefined` when the channel is not in it. */
  inputUntil(channel: string, text: string): string | undefined {
    if (this.#input === undefined || !channel.startsWith(this.#input.channel)) return undefined;
    return this.#input.piece.until(channel.slice(this.#input.channel.length), text);
  }

  #ofInput(texts: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    const channel = this.#input?.channel ?? '';
    const own = [...texts].filter(([name]) => name.startsWith(channel));
    return new Map(own.map(([name, text]) => [name.slice(channel.length), text]));
  }

  #channelOf(path: string): string | undefined {
    const block = `content[${this.index}]`;
    const delta = DELTA.exec(path)?.[1];
    if (delta === 'partial_json') return `${block}.input`;
    // Whatever the event is called, a client may append what it finds under these keys.
    if (delta !== undefined && (this.value['index'] !== undefined || delta === 'text' || delta === 'thinking')) {
      return `${block}.${delta}`;
    }
    const started = STARTED.exec(path)?.[1];
    return started === undefined ? OF_MESSAGE.exec(path)?.[1] : `${block}.${started}`;
  }

  /** Whether it has a text on this channel that is not of the format. */
  hasOdd(channel: string): boolean {
    return this.#oddDeltas.some((delta) => delta.channel === channel);
  }

  /** The name that a place in the event has in paths and channels: that of a whole body. */
  placeOf(path: string): string {
    const channel = this.#channelOf(path);
    if (channel !== undefined) return channel;
    return this.value['index'] === undefined
      ? path.replace(/^(?:message|delta)\./, '')
      : path.replace(/^(?:content_block|delta)\b/, `content[${this.index}]`);
  }

  /** The name of a text that stands alone. */
  #nameOf(path: string): string {
    const name = this.placeOf(path);
    return this.#fields.has(name) ? path : name;
  }

  /** What is not of the format may go on in the next event, for all that is known. */
  #isOdd(slot: TextSlot): boolean {
    const type = String(this.type);
    if (COMES_ONCE.test(type) || slot.path.startsWith('delta.citation')) return false;
    const isOdd = !COMES_OFTEN.test(type) || unknownFields('anthropic-messages', [slot]).length > 0;
    return isOdd && standsAtPath(this.value, slot);
  }
}

/** A piece of a text is taken as it is, whatever it looks like by itself. */
function rawSlot(channel: string, { path, holder }: TextSlot): ChannelSlot {
  const key = path.slice(path.lastIndexOf('.') + 1);
  return { channel, text: String(Reflect.get(holder, key)), write: (text) => void Reflect.set(holder, key, text) };
}

/** Returns a member of an object that is itself an object; an empty one otherwise. Never throws. */
export function memberOf(value: JsonObject, key: string): JsonObject {
  const member = value[key];
  return isJsonObject(member) ? member : {};
}

function seenSlot(slot: ChannelSlot, escaped: EscapedTexts): SeenSlot {
  const { channel, text } = slot;
  return { ...slot, seen: escaped.read(channel, text), sourceOf: (left) => escaped.write(channel, left) };
}
